// What a configuration says about TLS, without knowing the library that does it: ThrongTLS makes these.

/// How a server secures its connections. `import ThrongTLS` and use `TransportSecurity.tls(_:)`.
public struct TransportSecurity: Sendable {
  package let context: any SecureContext
  /// How long a client may take for the whole handshake, however it spreads its messages.
  public var handshakeTimeout: Duration = .seconds(10)
  /// Maximum handshakes begun per second by the whole server; nil for no limit. Connections above it
  /// wait, within ``handshakeTimeout``.
  public var handshakeRate: Int?

  package init(_ context: any SecureContext) { self.context = context }

  /// Reads the files of the certificates again, validates them and uses them for new connections. After
  /// an error everything stays as it was. Any thread.
  public func reload() throws { try context.reload() }
}

/// How a connector secures its connections. `import ThrongTLS` and use `ClientTransportSecurity.tls(_:)`.
public struct ClientTransportSecurity: Sendable {
  package let context: any SecureContext
  /// How long a server may take for the whole handshake.
  public var handshakeTimeout: Duration = .seconds(10)

  package init(_ context: any SecureContext) { self.context = context }
}
