// Where a server listens and what it allows.

/// What a server listens on, and its limits. Every limit has a default that suits a server on the
/// internet; ``ConnectionOptions`` has those of each connection.
public struct Configuration: Sendable {
  /// Where to listen; several entries make several listeners. An address that is named twice, or that a
  /// wildcard address includes, gets one.
  public var listen: [ListenerConfiguration] = [.anyAddress(port: 52000)]
  /// Established connections that the kernel holds until they are accepted (listen(2)).
  public var backlog = 4096
  /// Accepting pauses at this many connections of the whole server; the backlog holds the rest.
  public var maximumConnections = 65536
  /// What happens to clients that connect while that many are open.
  public var whenFull = FullServerPolicy.wait
  /// Maximum connections of one address; further ones are reset. Nil for no limit.
  /// An IPv4 address counts alone, an IPv6 address with its /64; clients of a Unix socket have none.
  public var maximumConnectionsPerAddress: Int? = 256
  /// Maximum connections that a loop accepts per wakeup.
  public var acceptBatch = 64
  /// Maximum clients accepted per second by the whole server; nil for no limit. After a quiet
  /// time, one and a tenth of a second's worth are accepted at once.
  public var acceptRate: Int?
  /// Maximum clients accepted per second from one address, counted like ``maximumConnectionsPerAddress``;
  /// further ones are reset. As many may come at once after a second without one. Nil for no limit. The
  /// last few thousand addresses are remembered.
  public var acceptRatePerAddress: Int?
  /// Overload protection: once every client of 100 ms has waited longer than this to be accepted, which
  /// means that the event loop cannot keep up, new TCP clients that have waited longer are reset, until none
  /// has for 100 ms. Nil: they are never refused for that. Waiting at a limit on accepting does not count.
  public var shedDelay: Duration?
  /// Clients from these addresses are proxies, and must send a PROXY protocol header (version 1 or 2) before
  /// everything else, also before TLS; it names the client. From other addresses none is expected.
  public var proxyProtocolFrom: [AddressRange] = []
  /// How long a proxy may take to send its header.
  public var proxyProtocolTimeout: Duration = .seconds(5)
  /// How long a stopping server lets handlers finish, and serves the clients that wait in the accept
  /// queue, before it resets the rest. Handlers that have not returned a second after that are given up.
  public var drainTimeout: Duration = .seconds(10)
  /// How long a new process may take until it serves, at an upgrade in place (``Server/upgrade()``).
  public var upgradeTimeout: Duration = .seconds(60)
  /// Whether the server tells the service manager that has started the process how it does: systemd's
  /// protocol (sd_notify(3)), with a sign of life from every event loop where a watchdog expects it.
  public var notifiesServiceManager = false
  /// How long a reactor looks for events without sleeping before it sleeps: trades a core for latency.
  /// Nil: it sleeps at once. The other models sleep in the kernel anyway.
  public var busyPoll: Duration?
  /// What `Server.run()` calls once the server's threads run, on the thread that has called it:
  /// ``Server/runningModel`` and ``Server/addresses`` say what serves and where.
  public var started: (@Sendable (Server) -> Void)?
  /// What `Server.run()` does on SIGUSR1; nil: it logs the metrics.
  public var metricsSignalled: (@Sendable (Metrics) -> Void)?
  /// TLS on every connection; nil: none.
  public var security: TransportSecurity?
  /// The limits of each connection.
  public var connection = ConnectionOptions()

  /// Creates the default configuration.
  public init() {}

  /// Listens on one TCP port of every address.
  public init(port: Int) { listen = [.anyAddress(port: port)] }

  /// Listens on one TCP port of a host's addresses.
  public init(host: String, port: Int) { listen = [.host(host, port: port)] }
}

/// What happens to clients that connect while as many connections are open as may be.
public enum FullServerPolicy: String, Sendable, Hashable, CaseIterable {
  /// They wait in the accept queue until a connection closes.
  case wait
  /// They are accepted and reset at once, so that they can try another server.
  case reset
}

/// A place to listen on.
public enum Endpoint: Sendable, Hashable {
  /// Every IPv6 and IPv4 address of the machine; port 0 takes a free one.
  case anyAddress(port: Int)
  /// All addresses of a host name, or one numeric address.
  case host(String, port: Int)
  /// A Unix socket: a path, or `@name` for an abstract one. A stale file is replaced, a live server's
  /// is not; the file is removed at the end. `mode` is its permission bits (unix(7)).
  case unix(path: String, mode: UInt32 = Endpoint.defaultMode)
  /// The sockets of this name that a service manager has passed to the process (systemd.socket(5),
  /// FileDescriptorName). They stay open after the server has stopped: clients that wait then are served
  /// by the next process. Socket options of the server's configuration are set on them and stay.
  case passed(name: String)

  /// The permission bits of a Unix socket that every user may connect to.
  public static let defaultMode: UInt32 = 0o666
}
