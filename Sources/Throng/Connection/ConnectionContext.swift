// What all connections of a loop share. `ServerLoop` is what becomes of it in a server.

import LinuxSystem
import Logging

class ConnectionContext: @unchecked Sendable {
  // Invariant behind @unchecked: only constants; subclasses lock their state.
  final let loop: any EventLoop
  final let service: ConnectionHandler
  /// Nil unless connections are served by callbacks.
  final let callbacks: (any EventCallbacks)?
  final let options: ConnectionOptions
  final let timeLimits: TimeLimits
  final let log: Logger
  final let counters: Counters
  /// For handlers that throw; one for all loops of a server.
  private let failureLog: LogLimiter

  init(
    loop: any EventLoop, service: ConnectionHandler, options: ConnectionOptions, log: Logger,
    counters: Counters,
    failureLog: LogLimiter = LogLimiter()
  ) {
    self.loop = loop
    self.service = service
    callbacks = service.callbacks
    self.options = options
    timeLimits = TimeLimits(options)
    self.log = log
    self.counters = counters
    self.failureLog = failureLog
  }

  @inline(__always)
  final var isEventDriven: Bool { callbacks != nil }

  /// A handler has thrown.
  final func report(_ error: any Error, of connection: Connection) {
    if error is ConnectionError || error is CancellationError {
      log.debug("connection \(connection.id) from \(connection.remoteAddress) ended: \(error)")
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
  final func count(_ error: ConnectionError) {
    switch error {
    case .timedOut: counters.timedOut.add(1)
    case .lost: counters.lost.add(1)
    default: break
    }
  }

  /// The connection's socket is closed and its handler has returned. Called once, by the loop.
  func didClose(_ connection: Connection) {}
}
