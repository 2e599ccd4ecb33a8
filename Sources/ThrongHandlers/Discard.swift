// Reads and drops (RFC 863).

import Throng

/// Receives all that each client sends and drops it.
public struct Discard: Handler, Sendable {
  /// Creates the handler.
  public init() {}

  /// Receives until the FIN of the client.
  public func handle(_ connection: Connection) async throws {
    for try await _ in connection.inbound {}
  }
}
