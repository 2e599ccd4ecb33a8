// Options of a benchmark. Values that are stored with the results; any thread.

/// The configuration of a benchmark: one or more runs against one server.
public struct LoadOptions: Sendable, Codable, Equatable {
  /// Address of the server; nil when ``server`` is a command that listens on the port it is given.
  public var target: LoadTarget?
  /// The server process whose CPU time and memory are measured.
  public var server = LoadServer.unknown
  /// How messages follow each other.
  public var mode = LoadMode.closedLoop
  /// What the server answers to a message.
  public var exchange = Exchange.echo
  /// Length in bytes of a greeting that the server sends first on each connection. It is skipped.
  public var greeting = 0
  /// Number of connections under load; receivers in a fan-out.
  public var connections = 50
  /// Share of the connections that read slowly, in per cent. In a fan-out they do not read at all
  /// once they are members.
  public var slowClients = 0.0
  /// First line of each connection of a fan-out, without its newline. `{n}` is replaced by the
  /// connection's number; the sender is 0.
  public var hello: String?
  /// Further connections that are opened and held without traffic.
  public var idleConnections = 0
  /// Message sizes in bytes.
  public var sizes = MessageSizes.fixed(64)
  /// Messages in flight on each connection; in a fan-out, in all.
  public var depth = 1
  /// Measured time of a run.
  @InSeconds public var duration: Duration = .seconds(10)
  /// Warm-up: load before the measured time.
  @InSeconds public var warmup: Duration = .seconds(1)
  /// Time limit of a connect and of a reply.
  @InSeconds public var timeout: Duration = .seconds(5)
  /// Time within which a started server must listen.
  @InSeconds public var startTimeout: Duration = .seconds(10)
  /// Number of load threads, each with an event loop of its own.
  public var threads = 1
  /// Connects per second while connections are opened; nil for no limit.
  public var connectRate: Int?
  /// Seed of message sizes and contents. The same seed sends the same bytes.
  public var seed: UInt64 = 1
  /// Whether every received byte is compared with the bytes sent.
  public var verifies = true
  /// Number of runs.
  public var repeats = 1

  /// Creates the default options: 50 connections, 64-byte echo, 10 s. Set ``target`` or ``server``.
  public init() {}

  var isFanOut: Bool { if case .fanOut = mode { true } else { false } }

  /// Connections under load, idle connections and the sender of a fan-out.
  var allConnections: Int { connections + idleConnections + (isFanOut ? 1 : 0) }

  /// Requested messages per second; nil in a closed loop.
  var rate: Double? {
    switch mode {
    case .openLoop(let rate): rate
    case .fanOut(let rate): rate
    default: nil
    }
  }

  /// Number of slow readers: at least one if the share is above 0.
  var slowConnections: Int {
    slowClients > 0 ? max(1, Int((Double(connections) * slowClients / 100).rounded())) : 0
  }
}

/// Address of the server under load.
public enum LoadTarget: Sendable, Codable, Equatable {
  case tcp(host: String, port: Int)
  case unix(path: String)
}

/// The server's process, if it runs on this machine.
public enum LoadServer: Sendable, Codable, Equatable {
  /// Not known: only the clients' side is measured.
  case unknown
  /// A running process.
  case process(pid: Int)
  /// A command to start. `{port}` is replaced by a free port; `cpus` are the processors it is
  /// pinned to.
  case command(String, cpus: [Int]?)
}

/// How messages follow each other, and the rate.
public enum LoadMode: Sendable, Codable, Equatable {
  /// Closed loop: each reply is followed by the next message.
  case closedLoop
  /// Open loop: `rate` messages per second over all connections, sent on schedule regardless of the
  /// replies.
  case openLoop(rate: Double)
  /// Churn: a new connection for each message.
  case churn
  /// Idle: connections are opened and held without traffic.
  case idle
  /// Fan-out: one sender, whose lines the server sends to all other connections. `rate` lines per
  /// second on schedule or, without a rate, ``LoadOptions/depth`` lines in flight.
  /// ``LoadOptions/connections`` is the number of receivers.
  case fanOut(rate: Double?)
  /// Search for the highest rate at which a latency percentile stays within a bound.
  case findMaximum(LatencyBound)
}

/// Upper bound of a latency percentile.
public struct LatencyBound: Sendable, Codable, Equatable {
  /// The percentile, between 0 and 100.
  public var percentile: Double
  /// The bound.
  @InSeconds public var limit: Duration

  /// Creates a bound, such as 2 ms at the 99th percentile.
  public init(percentile: Double, limit: Duration) {
    self.percentile = percentile
    self.limit = limit
  }
}

/// What the server answers to a message.
public enum Exchange: Sendable, Codable, Equatable {
  /// The same bytes (RFC 862).
  case echo
  /// One line for each line.
  case lines
  /// A fixed number of bytes for each message.
  case reply(bytes: Int)
}

extension LoadOptions {
  /// Reason why the options cannot be run, in one sentence; nil for valid options.
  public var problem: String? {
    if target == nil, server.command == nil {
      return "no server given (use HOST:PORT, --unix PATH or --server 'COMMAND {port}')"
    }
    if let command = server.command, target == nil, !command.contains("{port}") {
      return
        "--server command has no {port} placeholder (add it where the command takes its port, or give HOST:PORT)"
    }
    return numberProblem ?? modeProblem ?? slowReaderProblem ?? fanOutProblem
  }

  private var numberProblem: String? {
    let positive = [
      ("--connections", connections), ("--depth", depth), ("--threads", threads),
      ("--repeat", repeats), ("--connect-rate", connectRate ?? 1),
    ]
    for (name, value) in positive where value < 1 { return "\(name) must be at least 1" }
    if let problem = boundProblem { return problem }
    if depth > 65535 { return "--depth must be at most 65535" }
    if threads > connections { return "--threads must not exceed --connections" }
    if greeting < 0 { return "--greeting must not be negative" }
    if duration <= .zero { return "--duration must be greater than 0, such as 10s" }
    if warmup < .zero || timeout <= .zero {
      return "--warmup must not be negative and --timeout must be greater than 0, such as 2s"
    }
    if startTimeout <= .zero { return "--start-timeout must be greater than 0, such as 10s" }
    if case .reply(let bytes) = exchange, bytes < 1 { return "--reply must be at least 1 byte" }
    if case .lines = exchange, sizes.smallest < 2 {
      return "--expect-lines requires --size 2 or more (one byte and the newline)"
    }
    return sizes.problem
  }

  /// Upper bound of counts, so that their sums and products cannot overflow.
  private var boundProblem: String? {
    var bounded = [
      ("--connections", connections), ("--idle-connections", idleConnections),
      ("--greeting", greeting),
    ]
    if case .reply(let bytes) = exchange { bounded.append(("--reply", bytes)) }
    for (name, value) in bounded where value > Self.largestCount {
      return "\(name) must be at most \(Self.largestCount)"
    }
    return nil
  }

  private static let largestCount = 1 << 30

  private var modeProblem: String? {
    if let rate, !(rate >= 0.001 && rate <= 1e9) {
      return "--rate must be between 0.001 and 1000000000 messages per second"
    }
    switch mode {
    case .findMaximum(let bound):
      if !(bound.percentile > 0 && bound.percentile < 100) {
        return "the percentile must be between 0 and 100"
      }
      if bound.limit <= .zero { return "--p99 must be greater than 0, such as 2ms" }
    case .churn where depth > 1:
      return "--depth cannot be combined with --churn, which sends one message per connection"
    default: break
    }
    return nil
  }

  private var fanOutProblem: String? {
    guard isFanOut else {
      return hello == nil ? nil : "--hello requires --fan-out"
    }
    let others = [
      ("--expect-lines or --reply", exchange != .echo), ("--greeting", greeting > 0),
      ("--idle-connections", idleConnections > 0),
    ]
    for (flag, isGiven) in others where isGiven {
      return "\(flag) cannot be combined with --fan-out"
    }
    guard case .fixed(let size) = sizes,
      (FanOutLineCodec.smallestSize...FanOutLineCodec.largestSize).contains(size)
    else {
      return "--fan-out requires a single --size from \(FanOutLineCodec.smallestSize) to "
        + "\(FanOutLineCodec.largestSize) bytes (a line including its newline)"
    }
    if let hello, hello.utf8.contains(UInt8(ascii: "\n")) {
      return "--hello must not contain a newline"
    }
    return nil
  }

  private var slowReaderProblem: String? {
    if !(slowClients >= 0 && slowClients < 100) {
      return "--slow-clients must be at least 0 and less than 100 per cent of the connections"
    }
    if idleConnections < 0 { return "--idle-connections must not be negative" }
    if slowClients > 0, mode == .churn || mode == .idle {
      return "--slow-clients cannot be combined with \(mode == .churn ? "--churn" : "--idle")"
    }
    if idleConnections > 0, mode == .idle {
      return "--idle-connections cannot be combined with --idle (all of --connections are idle)"
    }
    let quick = connections - slowConnections
    if quick < 1 { return "--slow-clients leaves no other connection (use more --connections)" }
    if threads > quick {
      return "--threads must not exceed the connections that are not slow readers"
    }
    return nil
  }
}

extension LoadServer {
  var command: String? { if case .command(let text, _) = self { text } else { nil } }
}
