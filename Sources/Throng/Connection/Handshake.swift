// The TLS handshake that comes before the handler.

/// How the connections of a loop begin their sessions.
struct Handshake: Sendable {
  enum Role: Sendable { case server, client }

  let role: Role
  /// For the whole handshake, however its messages are spread.
  let timeout: Duration
}
