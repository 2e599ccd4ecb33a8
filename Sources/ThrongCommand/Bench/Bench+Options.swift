// From the flags of `throng bench` to the options of the load generator: the combinations of flags that
// mean something.

import ArgumentParser
import LinuxSystem
import ThrongLoad

extension Bench {
  func loadOptions() throws -> LoadOptions {
    var options = LoadOptions(server: try loadServer())
    options.workload = workload
    options.connections = connections
    options.duration = duration?.duration ?? .seconds(findMax ? 2 : 10)
    options.warmup = warmup.duration
    options.timeout = timeout.duration
    options.threads = threads
    options.connectRate = connectRate
    options.seed = seed
    options.repeats = repeats
    return options
  }

  private func loadServer() throws -> LoadServer {
    let target = try address.target()
    guard let server else {
      guard let target else {
        throw ValidationError(
          "no server given (use HOST:PORT, --unix PATH or --server 'COMMAND {port}')")
      }
      return .running(at: target, pid: pid)
    }
    var command = ServerCommand(server)
    if target == nil, !server.contains("{port}") {
      throw ValidationError(LoadError.command(.noPort).sentence)
    }
    command.target = target
    if let startTimeout { command.startTimeout = startTimeout.duration }
    command.processors = try serverCpus.map { text in
      guard let processors = Processors.parse(text) else {
        throw ValidationError("invalid --server-cpus '\(text)' (use a list such as 0,2-3)")
      }
      return processors
    }
    return .command(command)
  }

  private var workload: LoadOptions.Workload {
    if fanOut {
      var options = FanOutOptions()
      if case .fixed(let bytes) = size { options.lineSize = bytes }
      options.pacing = rate.map { .rate($0) } ?? .inFlight(depth ?? 1)
      options.hello = hello
      options.stalledReceivers = slowClients ?? 0
      options.verifies = !noVerify
      return .fanOut(options)
    }
    if idle {
      var options = IdleOptions()
      options.greeting = greeting ?? 0
      return .idle(options)
    }
    var messages = MessageOptions()
    messages.sizes = size ?? messages.sizes
    messages.reply = expectLines ? .line : reply.map { .bytes($0) } ?? .echo
    messages.greeting = greeting ?? 0
    messages.verifies = !noVerify
    if churn {
      var options = ChurnOptions()
      options.messages = messages
      options.idleConnections = idleConnections ?? 0
      return .churn(options)
    }
    var options = EchoOptions()
    options.messages = messages
    options.depth = depth ?? 1
    options.slowReaders = slowClients ?? 0
    options.idleConnections = idleConnections ?? 0
    options.pacing = rate.map { .openLoop(rate: $0) } ?? .closedLoop
    if let p99 { options.pacing = .search(LatencyBound(percentile: 99, limit: p99.duration)) }
    return .echo(options)
  }

  // MARK: Combinations

  private typealias Given = (flag: String, isGiven: Bool)

  /// - Throws: `ValidationError` for flags that mean nothing together.
  func checkCombinations() throws {
    let depth = ("--depth", self.depth != nil)
    let slow = ("--slow-clients", slowClients ?? 0 > 0)
    let held = ("--idle-connections", idleConnections ?? 0 > 0)
    let rate = ("--rate", self.rate != nil)
    let (churn, idle) = (("--churn", self.churn), ("--idle", self.idle))
    let (fanOut, search) = (("--fan-out", self.fanOut), ("--find-max", findMax))
    let lines = ("--expect-lines", expectLines)
    let reply = ("--reply", self.reply != nil)
    let server = ("--server", self.server != nil)
    try exclude(search, [rate, churn, idle, fanOut])
    try exclude(churn, [rate, idle, fanOut, depth, slow])
    try exclude(idle, [rate, fanOut, slow, held])
    try exclude(fanOut, [lines, reply, ("--greeting", greeting ?? 0 > 0), held])
    if self.fanOut { try exclude(rate, [depth]) }
    try exclude(lines, [reply])
    try exclude(server, [("--pid", pid != nil)])
    try require(fanOut, for: ("--hello", hello != nil))
    try require(search, for: ("--p99", p99 != nil))
    try require(server, for: ("--server-cpus", serverCpus != nil))
    try require(server, for: ("--start-timeout", startTimeout != nil))
    try require(("--tls", tlsFlags.tls), for: ("--tls-full-handshakes", tlsFullHandshakes))
    if findMax, p99 == nil {
      throw ValidationError("--find-max requires a bound, such as --p99 2ms")
    }
    if hello?.utf8.contains(UInt8(ascii: "\n")) == true {
      throw ValidationError("--hello must not contain a newline")
    }
    if self.fanOut, let size {
      guard case .fixed = size else {
        throw ValidationError("--fan-out requires a single --size (a line including its newline)")
      }
    }
  }

  private func exclude(_ flag: Given, _ others: [Given]) throws {
    for other in others where flag.isGiven && other.isGiven {
      throw ValidationError("\(other.flag) cannot be combined with \(flag.flag)")
    }
  }

  private func require(_ needed: Given, for flag: Given) throws {
    if flag.isGiven, !needed.isGiven {
      throw ValidationError("\(flag.flag) requires \(needed.flag)")
    }
  }
}

extension MessageSizes {
  /// Parses `64`, `16-1024`, or sizes with weights: `64:9,4096:1` (default weight 1).
  /// - Throws: `ValidationError` for other text.
  @Sendable init(parsing text: String) throws {
    let range = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    if let size = Int(text) {
      self = .fixed(size)
    } else if range.count == 2, let low = range[0], let high = range[1], low <= high {
      self = .range(low...high)
    } else {
      self = .weighted(
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
          let fields = part.split(separator: ":", omittingEmptySubsequences: false)
          guard let size = fields.first.flatMap({ Int($0) }), fields.count <= 2,
            let weight = fields.count == 2 ? Double(fields[1]) : 1
          else {
            throw ValidationError("use bytes such as 64, a range 16-1024, or weights 64:9,4096:1")
          }
          return Weighted(size: size, weight: weight)
        })
    }
  }
}

extension FailCondition {
  /// Parses `METRIC>VALUE` or `METRIC<VALUE`.
  /// - Throws: `ValidationError` for other text and for an unknown metric.
  @Sendable init(parsing text: String) throws {
    let text = text.filter { $0 != " " }
    let names = Self.metrics.map(\.name).joined(separator: ", ")
    guard let sign = text.firstIndex(where: { $0 == ">" || $0 == "<" }),
      let metric = Self.metrics.first(where: { $0.name == text[..<sign] })
    else {
      throw ValidationError(
        "use METRIC>VALUE or METRIC<VALUE, as in p99>5ms or rate<10000; the metrics are \(names)")
    }
    let value = String(text[text.index(after: sign)...])
    let bound =
      metric.isTime
      ? try DurationArgument(parsing: value).duration / .nanoseconds(1) : Double(value)
    guard let bound,
      let condition = Self(metric.name, text[sign] == ">" ? .above : .below, bound, text: text)
    else { throw ValidationError("'\(value)' is not a number") }
    self = condition
  }
}
