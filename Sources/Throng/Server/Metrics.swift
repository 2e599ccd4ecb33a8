// What a server has counted, as a value.

import LinuxSystem

/// A server's counters at one time. While the server runs, each figure is exact, but they are not all
/// of the same instant.
public struct Metrics: Sendable, Hashable {
  /// Clients that were accepted since the start.
  public var accepted = 0
  /// Connections that are open now.
  public var open = 0
  /// Clients that were accepted and reset: at a limit of their address, at the limit of connections if clients
  /// do not wait, or because the server was overloaded.
  public var refused = 0
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
  public var droppedClients = 0
  /// How often accepting has paused: at the connection limit, at the accept rate, or because the
  /// process was out of descriptors or memory.
  public var acceptPauses = 0
  /// Receives that brought something, and their bytes.
  public var receives = 0
  public var receivedBytes = 0
  /// Sends that the kernel took something of, and their bytes.
  public var sends = 0
  public var sentBytes = 0
  /// The largest number of bytes that ever waited in one outbox.
  public var outboxHighMark = 0
  /// One entry for each loop.
  public var loops: [Loop] = []

  /// What one loop has done.
  public struct Loop: Sendable, Hashable {
    /// Clients that it has accepted, and its connections that are open now.
    public var accepted: Int
    public var open: Int
    /// Returns of epoll_wait(2), and the events that they brought.
    public var turns: Int
    public var events: Int
  }
}

extension Metrics: CustomStringConvertible {
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
    if loops.count > 1 {
      let shares = loops.map { "\($0.accepted)" }.joined(separator: ", ")
      lines.append("connections a loop: \(shares)")
    }
    return lines.joined(separator: "\n")
  }
}

extension Metrics {
  init(_ serverLoops: [ServerLoop]) {
    for serverLoop in serverLoops {
      let counters = serverLoop.counters
      accepted += counters.accepted.value
      open += counters.open.value
      refused += counters.refused.value
      timedOut += counters.timedOut.value
      lost += counters.lost.value
      failedHandlers += counters.failedHandlers.value
      resetAtStop += counters.resetAtStop.value
      droppedMessages += counters.droppedMessages.value
      droppedClients += counters.droppedClients.value
      acceptPauses += counters.acceptPauses.value
      receives += counters.receives.value
      receivedBytes += counters.receivedBytes.value
      sends += counters.sends.value
      sentBytes += counters.sentBytes.value
      outboxHighMark = max(outboxHighMark, counters.outboxHighMark.value)
      loops.append(serverLoop.metrics)
    }
  }
}
