// Where a server listens and what it allows.

/// What a server listens on, and its limits. Every limit has a default that suits a server on the
/// internet; ``ConnectionOptions`` has those of each connection.
public struct Configuration: Sendable {
  /// Where to listen; several entries make several listeners.
  public var listen: [Endpoint] = [.anyAddress(port: 52000)]
  /// Established connections that the kernel holds until they are accepted (listen(2)).
  public var backlog = 4096
  /// Accepting pauses at this many connections; the backlog holds the rest.
  public var maximumConnections = 65536
  /// Further clients of an address that has so many connections are refused with a reset.
  public var maximumConnectionsPerAddress = 65536
  /// How many clients are accepted between two looks at those who are connected.
  public var acceptBatch = 64
  /// At most this many accepts a second; nil: as many as come.
  public var acceptRate: Int?
  /// How long a stopping server lets handlers finish before it resets the rest. Handlers that have not
  /// returned a second after that are given up.
  public var drainTimeout: Duration = .seconds(10)
  /// How long a reactor looks for events without sleeping before it sleeps: trades a core for latency.
  /// Nil: it sleeps at once. The other models sleep in the kernel anyway.
  public var busyPoll: Duration?
  /// What ``Server/run()-(())`` calls once the server's threads run, on the thread that has called it:
  /// ``Server/runningModel`` and ``Server/addresses`` say what serves and where.
  public var started: (@Sendable (Server) -> Void)?
  /// What ``Server/run()-(())`` does on SIGUSR1; nil: it logs the metrics.
  public var metricsSignalled: (@Sendable (Metrics) -> Void)?
  /// The limits of each connection.
  public var connection = ConnectionOptions()

  public init() {}

  /// Listens on one TCP port of every address.
  public init(port: Int) { listen = [.anyAddress(port: port)] }

  /// Listens on one TCP port of a host's addresses.
  public init(host: String, port: Int) { listen = [.host(host, port: port)] }
}

/// A place to listen on.
public enum Endpoint: Sendable, Hashable {
  /// Every IPv6 and IPv4 address of the machine; port 0 takes a free one.
  case anyAddress(port: Int)
  /// All addresses of a host name, or one numeric address.
  case host(String, port: Int)
  /// A Unix socket: a path, or `@name` for an abstract one. A stale file is replaced, a live server's
  /// is not; the file is removed at the end. `mode` is its permission bits (unix(7)).
  case unix(path: String, mode: UInt32 = 0o666)
}

/// Why a server does not run.
public enum ServerError: Error, CustomStringConvertible {
  case cannotListen(on: String, reason: String, remedy: String)
  case address(AddressError)
  /// Something the system refused at the start.
  case system(String)
  /// An event loop could not go on: its connections were reset, the other loops have drained.
  case eventLoop(EventLoopError)
  /// A second after connections were to be reset, so many had not ended: their handlers, or others on
  /// the same thread, block it or ignore that their task is cancelled. The server has stopped without
  /// them. Its event loops go on for as long as such handlers run, so that they can end.
  case handlersStillRunning(connections: Int)
  case alreadyRunning

  public var description: String {
    switch self {
    case .cannotListen(let place, let reason, let remedy):
      "cannot listen on \(place): \(reason)\(remedy.isEmpty ? "" : " (\(remedy))")"
    case .address(let error): error.description
    case .system(let text): text
    case .eventLoop(let error):
      "\(error) (the connections of that event loop were reset, and the server has stopped)"
    case .handlersStillRunning(let connections):
      """
      stopped without waiting for handlers that block their thread or ignore their cancellation \
      (connections not ended: \(connections))
      """
    case .alreadyRunning: "the server is running already, or has run (make a new one)"
    }
  }
}
