// Options of a benchmark that every workload has. Values that are stored with the results; any thread.

/// The configuration of a benchmark: one or more runs against one server.
public struct LoadOptions: Sendable, Codable, Equatable {
  /// The server under load.
  public var server: LoadServer
  /// What the connections do.
  public var workload = Workload.echo(EchoOptions())
  /// Number of connections under load; receivers in a fan-out.
  public var connections = 50
  /// Measured time of a run.
  @InSeconds public var duration: Duration = .seconds(10)
  /// Warm-up: load before the measured time.
  @InSeconds public var warmup: Duration = .seconds(1)
  /// Time limit of a connect and of a reply.
  @InSeconds public var timeout: Duration = .seconds(5)
  /// Number of load threads, each with an event loop of its own.
  public var threads = 1
  /// Connects per second while connections are opened; nil for no limit.
  public var connectRate: Int?
  /// Seed of message sizes and contents. The same seed sends the same bytes.
  public var seed: UInt64 = 1
  /// Number of runs.
  public var repeats = 1

  /// Creates the default options: 50 connections, 64-byte echo, 10 s.
  public init(server: LoadServer) { self.server = server }
}

/// The server under load.
public enum LoadServer: Sendable, Codable, Equatable {
  /// A server that runs. Its CPU time and memory are measured if its process id is given.
  case running(at: ServerAddress, pid: Int?)
  /// A server that the benchmark starts, measures and stops.
  case command(ServerCommand)

  private enum CommandCodingKeys: String, CodingKey { case _0 = "options" }
}

extension LoadServer {
  /// The host that connections are made to; nil for a Unix socket.
  var host: String? {
    let target =
      switch self {
      case .running(let target, _): target
      case .command(let command): command.target ?? .tcp(host: "127.0.0.1", port: 0)
      }
    return if case .tcp(let host, _) = target { host } else { nil }
  }
}

/// Address of a server.
public enum ServerAddress: Sendable, Codable, Equatable, CustomStringConvertible {
  /// A host name or a numeric address, and a TCP port.
  case tcp(host: String, port: Int)
  /// A Unix socket.
  case unix(path: String)

  /// The address as it is written on a command line.
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }
}

/// How a server is started.
public struct ServerCommand: Sendable, Codable, Equatable {
  /// The command; `{port}` is replaced by a port.
  public var line: String
  /// Processors that the server is pinned to; nil for all.
  public var processors: [Int]?
  /// Where it listens; nil: on 127.0.0.1, at a free port.
  public var target: ServerAddress?
  /// Time within which it must listen.
  @InSeconds public var startTimeout: Duration = .seconds(10)

  /// Creates a command that listens on a free port within 10 s.
  public init(_ line: String) { self.line = line }
}

extension LoadOptions {
  /// Slow readers among the connections, and receivers of a fan-out that stop reading: at least one if
  /// their share is above 0, and one connection less than all at most.
  var slowConnections: Int {
    let share = workload.parts.slowShare
    guard share > 0, connections > 1 else { return 0 }
    let count = Int((Double(connections) * min(share, 100) / 100).rounded())
    return min(max(1, count), connections - 1)
  }

  /// Connections under load, idle connections and the sender of a fan-out.
  var allConnections: Int {
    let parts = workload.parts
    return connections + parts.idleConnections + (parts.fanOut == nil ? 0 : 1)
  }

  /// Whether every received byte is compared with the bytes sent.
  public var verifies: Bool {
    let parts = workload.parts
    return parts.fanOut?.verifies ?? parts.messages.verifies
  }
}
