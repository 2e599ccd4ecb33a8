// Sends back what it receives (RFC 862).

import Throng

/// Sends back what each client sends.
public struct Echo: Handler, Sendable {
  /// Creates the handler.
  public init() {}

  /// Sends each receive back, until the FIN of the client.
  public func handle(_ connection: Connection) async throws {
    for try await bytes in connection.inbound {
      try await connection.send(bytes)
    }
  }
}

/// The same as callbacks.
public struct EventEcho: EventHandler, Sendable {
  /// Creates the handler.
  public init() {}

  /// Sends the bytes back.
  public func received(_ bytes: Bytes, on connection: Connection) {
    try? connection.write(bytes)
  }
}
