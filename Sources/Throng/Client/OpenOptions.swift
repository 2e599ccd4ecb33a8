// How a connection is opened by a task: `Connection.open(to:)` and `Client`.

/// Limits and settings of a connection that a task opens.
public struct OpenOptions: Sendable {
  /// How long the server may take to answer.
  public var connectTimeout: Duration = .seconds(10)
  /// The limits of the connection.
  public var connection = ConnectionOptions()
  /// How the connection is secured; nil: it is not.
  public var security: ClientTransportSecurity?
  /// The name that the server's certificate must have; nil: that of the security's configuration.
  public var serverName: String?

  /// Creates the default options.
  public init() {}
}
