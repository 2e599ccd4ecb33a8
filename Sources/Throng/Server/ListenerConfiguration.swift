// One entry of `Configuration.listen`: a place, and what holds for the clients that come by it.

/// A listener of a server: where it listens, and how its clients are treated.
///
/// ```swift
/// configuration.listen = [.host("localhost", port: 52000), .unix(path: "/run/throng.sock")]
/// ```
public struct ListenerConfiguration: Sendable, Hashable {
  /// Where it listens.
  public var endpoint: Endpoint
  /// How its clients are treated.
  public var options: ListenerOptions

  /// Creates a listener; nothing is opened yet.
  public init(_ endpoint: Endpoint, options: ListenerOptions = ListenerOptions()) {
    self.endpoint = endpoint
    self.options = options
  }

  /// See ``Endpoint/anyAddress(port:)``.
  public static func anyAddress(port: Int) -> Self { Self(.anyAddress(port: port)) }

  /// See ``Endpoint/host(_:port:)``.
  public static func host(_ host: String, port: Int) -> Self { Self(.host(host, port: port)) }

  /// See ``Endpoint/unix(path:mode:)``.
  public static func unix(path: String, mode: UInt32 = Endpoint.defaultMode) -> Self {
    Self(.unix(path: path, mode: mode))
  }

  /// See ``Endpoint/passed(name:)``.
  public static func passed(name: String) -> Self { Self(.passed(name: name)) }
}

/// How the clients of one listener are treated.
public struct ListenerOptions: Sendable, Hashable {
  /// Whether clients speak TLS, with ``Configuration/security``; nil: they do where that is set.
  public var isSecure: Bool?
  /// Clients are proxies, which say in front of the data for which client they connect (PROXY protocol).
  public var expectsProxyHeader = false

  /// Creates the default options.
  public init() {}
}
