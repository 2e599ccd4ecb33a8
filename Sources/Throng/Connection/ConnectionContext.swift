// What all connections of a loop share. `ServerLoop` is what becomes of it in a server.

import LinuxSystem
import Logging
import Synchronization

class ConnectionContext: @unchecked Sendable {
  // Invariant behind @unchecked: only constants; subclasses lock their state.
  final let loop: any EventLoop
  final let service: ConnectionHandler
  /// Nil unless connections are served by callbacks.
  final let callbacks: (any EventCallbacks)?
  private final let receiver: Receiver
  final let options: ConnectionOptions
  final let timeLimits: TimeLimits
  final let log: Logger
  final let counters: Counters
  /// That of the counters.
  final let traffic: Traffic
  /// For handlers that throw; one for all loops of a server.
  private let failureLog: LogLimiter
  /// For the connections that have a TLS session.
  final let handshake: Handshake
  private let handshakeSteps = Mutex((turn: 0, left: 0, receives: 0))

  init(
    loop: any EventLoop, service: ConnectionHandler, options: ConnectionOptions, log: Logger,
    counters: Counters, handshake: Handshake, failureLog: LogLimiter = LogLimiter()
  ) {
    self.handshake = handshake
    self.loop = loop
    self.service = service
    callbacks = service.callbacks
    receiver = Receiver(service.callbacks ?? NoCallbacks())
    self.options = options
    timeLimits = TimeLimits(options)
    self.log = log
    self.counters = counters
    traffic = counters.traffic
    self.failureLog = failureLog
  }

  @inline(__always)
  final var isEventDriven: Bool { callbacks != nil }

  /// For an event handler.
  @inline(__always)
  final func deliver(_ bytes: Bytes, to connection: Connection) {
    receiver.received(bytes, on: connection)
  }

  /// A handler has thrown.
  final func report(_ error: any Error, of connection: Connection) {
    if error is ConnectionError || error is CancellationError {
      log.debug("connection \(connection.id) from \(connection.remoteAddress) ended: \(error)")
    } else if error is InputError {
      failureLog.log(
        .info, log, "connection \(connection.id) from \(connection.remoteAddress) ended: \(error)")
    } else {
      counters.failedHandlers.add(1)
      failureLog.log(
        .warning, log,
        """
        the handler of connection \(connection.id) from \(connection.remoteAddress) threw: \(error)
        """)
    }
  }

  /// Counts why a connection was lost.
  /// - Parameter isStarting: before its handler has started.
  final func count(_ error: ConnectionError, isStarting: Bool) {
    switch error {
    case .timedOut: counters.timedOut.add(1)
    case .lost: counters.lost.add(1)
    default: break
    }
    let reason: SecurityFailure.Reason? =
      switch error {
      case .timedOut: isStarting ? .timedOut : nil
      case .lost: isStarting ? .closedByPeer : nil
      case .security(let failure): failure.reason
      default: nil
      }
    guard let reason else { return }
    (isStarting ? counters.handshakeFailures : counters.sessionFailures).add(reason)
  }

  /// A handshake is complete.
  final func noteHandshake(isResumed: Bool) {
    counters.handshakes.add(1)
    if isResumed { counters.resumedHandshakes.add(1) }
  }

  /// - Parameter detail: what the library that does TLS says beside.
  final func logFailedHandshake(
    of connection: Connection, _ error: ConnectionError?, _ detail: String
  ) {
    guard let error else { return }
    let more = detail.isEmpty ? "" : " (\(detail))"
    log.debug("connection \(connection.id) from \(connection.remoteAddress): \(error)\(more)")
  }

  /// Whether a handshake may take a step in this turn of the loop: each takes up to a millisecond, and
  /// established connections are served in between. Level-triggered events come again.
  final func mayContinueHandshake() -> Bool {
    handshakeSteps.withLock { steps in
      let turn = loop.turnCount
      if steps.turn != turn {
        let receives = counters.traffic.receives
        // Two a turn; one while established connections have traffic, which waits for it.
        steps = (turn, receives == steps.receives ? 2 : 1, receives)
      }
      steps.left -= 1
      return steps.left >= 0
    }
  }

  /// Whether connections that start now are to be drained at once.
  var isDraining: Bool { false }

  /// What opens connections for the handlers of this one; nil: nothing.
  var openingOwner: (any OpeningOwner)? { nil }

  /// Whether there is no handler.
  final var isOpenedByTask: Bool { if case .opener = service { true } else { false } }

  /// A connection without a handler is established. On a thread of the loop.
  func didStart(_ connection: Connection) {}

  /// The connection's socket is closed and its handler has returned. Called once, by the loop.
  func didClose(_ connection: Connection) {}
}

/// An event handler as each message calls it: a constant in a value that cannot be copied is called without
/// being retained, which saves 40 instructions.
private struct Receiver: ~Copyable {
  private let callbacks: any EventCallbacks

  init(_ callbacks: any EventCallbacks) { self.callbacks = callbacks }

  @inline(__always)
  borrowing func received(_ bytes: Bytes, on connection: Connection) {
    callbacks.received(bytes, on: connection)
  }
}

/// Where a task serves the connection.
private final class NoCallbacks: EventCallbacks {
  func opened(_ connection: Connection) {}
  func received(_ bytes: Bytes, on connection: Connection) {}
  func writable(_ connection: Connection) {}
  func inputEnded(_ connection: Connection) {}
  func timerFired(on connection: Connection) {}
  func closed(_ connection: Connection, error: ConnectionError?) {}
}
