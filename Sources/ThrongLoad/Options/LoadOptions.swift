// What a load run is to do. Plain values, so that a run can be written down with its results.

/// The configuration of a load run.
public struct LoadOptions: Sendable, Codable, Equatable {
  /// Where the server is; nil when ``server`` starts one.
  public var target: LoadTarget?
  /// The server's process, when its cost is to be measured.
  public var server = LoadServer.unknown
  public var mode = LoadMode.closedLoop
  public var exchange = Exchange.echo
  /// Bytes that the server says first on each connection, which are skipped.
  public var greeting = 0
  public var connections = 50
  /// Per cent of the connections that read slowly; of a fan-out, that do not read once they are members.
  public var slowClients = 0.0
  /// What each connection of a fan-out sends first, without its newline; `{n}` stands for its number,
  /// which is 0 for the sender.
  public var hello: String?
  /// Further connections that are only held.
  public var idleConnections = 0
  /// The sizes of the messages that are sent, in bytes.
  public var sizes = MessageSizes.fixed(64)
  /// Messages in flight on each connection.
  public var depth = 1
  /// How long is measured.
  @InSeconds public var duration: Duration = .seconds(10)
  /// How long the load runs before that.
  @InSeconds public var warmup: Duration = .seconds(1)
  /// How long a connect or a reply may take.
  @InSeconds public var timeout: Duration = .seconds(5)
  /// How long a server that the run starts may take until it listens.
  @InSeconds public var startTimeout: Duration = .seconds(10)
  /// Threads of the generator, each with a reactor of its own.
  public var threads = 1
  /// New connections a second at the start; nil: as fast as they come.
  public var connectRate: Int?
  /// Sizes and the bytes sent follow from it.
  public var seed: UInt64 = 1
  /// Whether every byte that comes back is compared.
  public var verifies = true
  /// How often the whole is measured.
  public var repeats = 1

  public init() {}

  var isFanOut: Bool { if case .fanOut = mode { true } else { false } }

  /// With those that are only held, and the sender of a fan-out.
  var allConnections: Int { connections + idleConnections + (isFanOut ? 1 : 0) }

  /// Messages a second that are asked for.
  var rate: Double? {
    switch mode {
    case .openLoop(let rate): rate
    case .fanOut(let rate): rate
    default: nil
    }
  }

  /// How many of the connections read slowly: at least one, if any are to.
  var slowConnections: Int {
    slowClients > 0 ? max(1, Int((Double(connections) * slowClients / 100).rounded())) : 0
  }
}

/// Where a server listens.
public enum LoadTarget: Sendable, Codable, Equatable {
  case tcp(host: String, port: Int)
  case unix(path: String)
}

/// The process that serves, when it runs on this machine.
public enum LoadServer: Sendable, Codable, Equatable {
  case unknown
  /// It runs already.
  case process(pid: Int)
  /// A command to start, in which `{port}` stands for a free port; pinned to the given processors.
  case command(String, cpus: [Int]?)
}

/// How messages follow each other.
public enum LoadMode: Sendable, Codable, Equatable {
  /// A reply makes room for the next message.
  case closedLoop
  /// So many messages a second in all are sent on schedule, whatever the server does.
  case openLoop(rate: Double)
  /// A new connection for each message.
  case churn
  /// Connections are opened and held.
  case idle
  /// One sender, whose lines a server sends to everybody: so many a second on schedule or, without a
  /// rate, ``LoadOptions/depth`` in flight. ``LoadOptions/connections`` receive.
  case fanOut(rate: Double?)
  /// The highest rate at which a percentile of the latency stays under a bound.
  case findMaximum(LatencyBound)
}

/// What a latency must stay under.
public struct LatencyBound: Sendable, Codable, Equatable {
  /// In per cent.
  public var percentile: Double
  @InSeconds public var limit: Duration

  public init(percentile: Double, limit: Duration) {
    self.percentile = percentile
    self.limit = limit
  }
}

/// What the server does with a message.
public enum Exchange: Sendable, Codable, Equatable {
  /// The same bytes come back (RFC 862).
  case echo
  /// One line comes back for each line.
  case lines
  /// So many bytes come back for each message.
  case reply(bytes: Int)
}

extension LoadOptions {
  /// What is wrong with the options, in one sentence; nil when they can be run.
  public var problem: String? {
    if target == nil, server.command == nil {
      return "no server to load: give HOST:PORT, --unix PATH or --server 'COMMAND {port}'"
    }
    if let command = server.command, target == nil, !command.contains("{port}") {
      return "the server command has no {port} (write it where the port belongs, or give HOST:PORT)"
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
    if depth > 65535 { return "--depth may be at most 65535" }
    if threads > connections { return "--threads may not be more than --connections" }
    if greeting < 0 { return "--greeting is a number of bytes and cannot be negative" }
    if duration <= .zero { return "--duration must be more than nothing, such as 10s" }
    if warmup < .zero || timeout <= .zero { return "--warmup and --timeout are times, such as 2s" }
    if startTimeout <= .zero { return "--start-timeout is a time, such as 10s" }
    if case .reply(let bytes) = exchange, bytes < 1 { return "--reply needs at least 1 byte" }
    if case .lines = exchange, sizes.smallest < 2 {
      return "--expect-lines needs a --size of at least 2, a byte and its newline"
    }
    return sizes.problem
  }

  /// Counts beyond which sums and products of them would overflow, and which no machine has room for.
  private var boundProblem: String? {
    var bounded = [
      ("--connections", connections), ("--idle-connections", idleConnections),
      ("--greeting", greeting),
    ]
    if case .reply(let bytes) = exchange { bounded.append(("--reply", bytes)) }
    for (name, value) in bounded where value > Self.largestCount {
      return "\(name) may be at most \(Self.largestCount)"
    }
    return nil
  }

  private static let largestCount = 1 << 30

  private var modeProblem: String? {
    if let rate, !(rate >= 0.001 && rate <= 1e9) {
      return "--rate must lie between 0.001 and 1000000000 messages a second"
    }
    switch mode {
    case .findMaximum(let bound):
      if !(bound.percentile > 0 && bound.percentile < 100) {
        return "a percentile lies between 0 and 100"
      }
      if bound.limit <= .zero { return "--p99 needs a bound, such as 2ms" }
    case .churn where depth > 1: return "--churn sends one message a connection: leave out --depth"
    default: break
    }
    return nil
  }

  private var fanOutProblem: String? {
    guard isFanOut else {
      return hello == nil ? nil : "--hello has no meaning without --fan-out (leave it out)"
    }
    let others = [
      ("--expect-lines or --reply", exchange != .echo), ("--greeting", greeting > 0),
      ("--idle-connections", idleConnections > 0),
    ]
    for (flag, isGiven) in others where isGiven {
      return "\(flag) has no meaning with --fan-out, which knows its lines by a mark (leave it out)"
    }
    guard case .fixed(let size) = sizes,
      (FanOutLineCodec.smallestSize...FanOutLineCodec.largestSize).contains(size)
    else {
      return "--fan-out takes one --size from \(FanOutLineCodec.smallestSize) to "
        + "\(FanOutLineCodec.largestSize) bytes: a line with its newline"
    }
    if let hello, hello.utf8.contains(UInt8(ascii: "\n")) { return "--hello is one line" }
    return nil
  }

  private var slowReaderProblem: String? {
    if !(slowClients >= 0 && slowClients < 100) {
      return "--slow-clients is a share of the connections in per cent, from 0 to less than 100"
    }
    if idleConnections < 0 { return "--idle-connections cannot be negative" }
    if slowClients > 0, mode == .churn || mode == .idle {
      let flag = mode == .churn ? "--churn, whose connections have one reply" : "--idle"
      return "--slow-clients has no meaning with \(flag) (leave out one of them)"
    }
    if idleConnections > 0, mode == .idle {
      return "--idle holds all of --connections: leave out --idle-connections"
    }
    let quick = connections - slowConnections
    if quick < 1 { return "--slow-clients leaves no quick connection (more --connections)" }
    if threads > quick { return "--threads may not be more than the connections that read quickly" }
    return nil
  }
}

extension LoadServer {
  var command: String? { if case .command(let text, _) = self { text } else { nil } }
}
