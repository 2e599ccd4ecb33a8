// An echo that does something for each message first. Apart from `Echo`, whose path stays bare.

import Throng

/// Sends back what each client sends, after a ``SimulatedWork`` for each receive: that is a message where
/// clients wait for their replies.
public struct SimulatedWorkEcho: Handler, Sendable {
  private let work: SimulatedWork

  /// Creates the handler.
  /// - Parameter work: what it does for each receive.
  public init(_ work: SimulatedWork) { self.work = work }

  /// Works for each receive, then sends it back, until the FIN of the client.
  public func handle(_ connection: Connection) async throws {
    for try await bytes in connection.inbound {
      work.perform()
      try await connection.send(bytes)
    }
  }
}

/// The same as callbacks.
public struct SimulatedWorkEventEcho: EventHandler, Sendable {
  private let work: SimulatedWork

  /// Creates the handler.
  /// - Parameter work: what it does for each receive.
  public init(_ work: SimulatedWork) { self.work = work }

  /// Works, then sends the bytes back.
  public func received(_ bytes: Bytes, on connection: Connection) {
    work.perform()
    try? connection.write(bytes)
  }
}
