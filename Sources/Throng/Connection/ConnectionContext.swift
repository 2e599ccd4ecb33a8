// What all connections of a driver share. `Station` is what becomes of it in a server.

import Logging

class ConnectionContext: @unchecked Sendable {
  // Invariant behind @unchecked: only constants; subclasses lock their state.
  final let service: Service
  final let options: ConnectionOptions
  final let log: Logger
  final let counters: Counters

  init(service: Service, options: ConnectionOptions, log: Logger, counters: Counters) {
    self.service = service
    self.options = options
    self.log = log
    self.counters = counters
  }

  /// The connection's socket is closed and its handler has returned. Called once, by the driver.
  func didClose(_ connection: Connection) {}
}
