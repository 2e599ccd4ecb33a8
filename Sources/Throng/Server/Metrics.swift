// What a server has counted, as a value.

import LinuxSystem

/// A server's counters at one time. While the server runs, each figure is exact, but they are not all
/// of the same instant.
public struct Metrics: Sendable, Hashable {
  /// Clients that were accepted since the start.
  public var accepted = 0
  /// Connections that are open now.
  public var open = 0
  /// Connections that were closed, for whatever reason.
  public var closed = 0
  /// How long the connections had lasted that were closed.
  public var connectionDurations = DurationHistogram()
  /// Established connections that were not accepted yet; nil where the kernel does not say: on Unix
  /// sockets.
  public var acceptQueueLength: Int?
  /// Clients that were accepted and reset: at a limit of their address, at the limit of connections if clients
  /// do not wait, or because the server was overloaded.
  public var refused = 0
  /// Of ``refused``, those beyond ``Configuration/maximumConnectionsPerAddress``.
  public var refusedAtAddressLimit = 0
  /// Of ``refused``, those beyond ``Configuration/acceptRatePerAddress``.
  public var refusedAtAddressRate = 0
  /// Of ``refused``, those beyond ``Configuration/maximumConnections``.
  public var refusedWhenFull = 0
  /// Of ``refused``, those for ``Configuration/shedDelay``.
  public var shed = 0
  /// Connections that were reset because their proxy did not send a PROXY protocol header as it must.
  public var badProxyHeaders = 0
  /// Connections that a time limit has ended.
  public var timedOut = 0
  /// Connections that the client has reset or the network has lost.
  public var lost = 0
  /// Handlers that have thrown an error of their own.
  public var failedHandlers = 0
  /// Connections that a stop has reset, because they had not finished in time.
  public var resetAtStop = 0
  /// Calls of `write` that met a limit of the outbox, and the clients that were dropped for it.
  public var droppedMessages = 0
  /// Clients that were dropped for a limit of the outbox.
  public var droppedClients = 0
  /// How often accepting has paused: at the connection limit, at the accept rate, or because the
  /// process was out of descriptors or memory.
  public var acceptPauses = 0
  /// Receives that brought something, and their bytes.
  public var receives = 0
  /// Bytes that were received.
  public var receivedBytes = 0
  /// Sends that the kernel took something of, and their bytes.
  public var sends = 0
  /// Bytes that the kernel took.
  public var sentBytes = 0
  /// The largest number of bytes that ever waited in one outbox.
  public var outboxHighMark = 0
  /// TLS handshakes that were completed.
  public var handshakes = 0
  /// Those of them that have resumed an earlier session.
  public var resumedHandshakes = 0
  /// TLS handshakes that have failed.
  public var handshakeFailures: [SecurityFailure.Reason: Int] = [:]
  /// TLS sessions that have failed after their handshake: the peer has violated the protocol, sent too many
  /// requests of the protocol itself, or a fatal alert.
  public var sessionFailures: [SecurityFailure.Reason: Int] = [:]
  /// Inputs that ended without close_notify, where TLS requires it.
  public var truncated = 0
  /// One entry for each loop.
  public var loops: [Loop] = []

  /// What one loop has done.
  public struct Loop: Sendable, Hashable {
    /// Clients that it has accepted, and its connections that are open now.
    public var accepted: Int
    /// Its connections that are open now.
    public var open: Int
    /// Returns of epoll_wait(2), and the events that they brought.
    public var turns: Int
    /// Events that epoll_wait(2) has returned.
    public var events: Int
    /// How long the loop took to handle its last wakeup by ``Server/probeLoops()``, or the present one has
    /// waited for it.
    public var delay: Duration
    /// How long turns of a reactor took; one in 64 is measured. Without entries for a thread pool, whose
    /// threads have no turns of their own.
    public var turnDurations: DurationHistogram
  }

  /// Clients that were reset instead of served.
  package var refusedByReason: [(reason: String, count: Int)] {
    [
      ("address_limit", refusedAtAddressLimit), ("address_rate", refusedAtAddressRate),
      ("connection_limit", refusedWhenFull), ("overload", shed),
      ("proxy_protocol", badProxyHeaders),
    ]
  }

  /// Connections that were closed for another reason than that their handler had finished.
  package var closedByReason: [(reason: String, count: Int)] {
    [
      ("timed_out", timedOut), ("lost", lost), ("slow_reader", droppedClients),
      ("handler_failed", failedHandlers), ("stopped", resetAtStop),
    ]
  }
}

extension Metrics: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    let turns = loops.reduce(0) { $0 + $1.turns }
    let events = loops.reduce(0) { $0 + $1.events }
    let perTurn = turns == 0 ? 0 : (Double(events) / Double(turns) * 10).rounded() / 10
    var lines = [
      "connections: \(accepted) accepted, \(open) open, \(refused) refused, \(timedOut) timed out, "
        + "\(lost) lost, \(failedHandlers) handlers failed",
      "received: \(receivedBytes) bytes in \(receives) receives; "
        + "sent: \(sentBytes) bytes in \(sends) sends",
      "outbox: at most \(outboxHighMark) bytes, \(droppedMessages) messages and "
        + "\(droppedClients) clients dropped; accepting paused \(acceptPauses) times",
      "event loop: \(turns) turns, \(events) events, \(perTurn) a turn",
    ]
    let failures = handshakeFailures.values.reduce(0, +)
    if handshakes + failures > 0 {
      lines.append(
        "TLS: \(handshakes) handshakes (\(resumedHandshakes) resumed), \(failures) failed; "
          + "\(sessionFailures.values.reduce(0, +)) sessions failed, \(truncated) inputs cut off")
    }
    if loops.count > 1 {
      let shares = loops.map { "\($0.accepted)" }.joined(separator: ", ")
      lines.append("connections a loop: \(shares)")
    }
    return lines.joined(separator: "\n")
  }
}

extension Metrics {
  init(_ serverLoops: [ServerLoop]) {
    connectionDurations = DurationHistogram(bounds: DurationHistogram.connectionBounds)
    for serverLoop in serverLoops {
      let counters = serverLoop.counters
      accepted += counters.accepted.value
      open += counters.open.value
      closed += counters.closed.value
      connectionDurations.add(counters.durations.value)
      if let length = serverLoop.acceptQueueLength {
        acceptQueueLength = (acceptQueueLength ?? 0) + length
      }
      refused += counters.refused.value
      refusedAtAddressLimit += counters.refusedAtAddressLimit.value
      refusedAtAddressRate += counters.refusedAtAddressRate.value
      refusedWhenFull += counters.refusedWhenFull.value
      shed += counters.shed.value
      badProxyHeaders += counters.badProxyHeaders.value
      timedOut += counters.timedOut.value
      lost += counters.lost.value
      failedHandlers += counters.failedHandlers.value
      resetAtStop += counters.resetAtStop.value
      droppedMessages += counters.droppedMessages.value
      droppedClients += counters.droppedClients.value
      acceptPauses += counters.acceptPauses.value
      receives += counters.traffic.receives
      receivedBytes += counters.traffic.receivedBytes
      sends += counters.traffic.sends
      sentBytes += counters.traffic.sentBytes
      handshakes += counters.handshakes.value
      resumedHandshakes += counters.resumedHandshakes.value
      handshakeFailures.merge(counters.handshakeFailures.value, uniquingKeysWith: +)
      sessionFailures.merge(counters.sessionFailures.value, uniquingKeysWith: +)
      truncated += counters.truncated.value
      outboxHighMark = max(outboxHighMark, counters.outboxHighMark.value)
      loops.append(serverLoop.metrics)
    }
  }
}
