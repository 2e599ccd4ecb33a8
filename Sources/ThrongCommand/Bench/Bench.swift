// `throng bench`: options to `LoadOptions`, the result to files and standard output.

import ArgumentParser
import ThrongLoad

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Load a server, verify every byte, and measure both sides.",
    discussion: """
      Exit status: 0 when all is well, 1 when the server or a connection was at fault, 2 when a \
      condition of --fail-if holds, 64 for bad usage, 130 when interrupted.
      """)

  @Argument(help: "Where the server listens, as HOST:PORT.")
  var target: String?

  @Option(help: ArgumentHelp("The server's Unix socket, instead of HOST:PORT.", valueName: "path"))
  var unix: String?

  @Option(name: .shortAndLong, help: "Connections held at once.")
  var connections = 50

  @Option(
    help: ArgumentHelp(
      """
      So many per cent of the connections read slowly: they ask for 256 KiB at once and take 4 KiB \
      every 100 ms; in a fan-out they do not read at all once they are members. Not in the figures \
      of the others.
      """, valueName: "percent"))
  var slowClients = 0.0

  @Option(
    help: ArgumentHelp(
      "Further connections that are opened first and held; counted when dropped.", valueName: "n"))
  var idleConnections = 0

  @Option(
    help: ArgumentHelp(
      """
      Bytes a message: 64, 16-1024, or weighted 64:9,4096:1. (default: 64, in a fan-out 100)
      """, valueName: "bytes"))
  var size: String?

  @Option(help: "Messages in flight on each connection; in a fan-out, in all.")
  var depth = 1

  @Option(
    help: .value("duration", "How long is measured.", default: "10s, in a search 2s"),
    transform: DurationArgument.init(parsing:))
  var duration: DurationArgument?

  @Option(
    help: .value("duration", "How long the load runs before that.", default: "1s"),
    transform: DurationArgument.init(parsing:))
  var warmup = DurationArgument(.seconds(1))

  @Option(
    help: .value("duration", "How long a connect or a reply may take.", default: "5s"),
    transform: DurationArgument.init(parsing:))
  var timeout = DurationArgument(.seconds(5))

  @Option(
    help: .value("duration", "How long --server may take until it listens.", default: "10s"),
    transform: DurationArgument.init(parsing:))
  var startTimeout = DurationArgument(.seconds(10))

  @Option(help: "Threads of the generator, each with a reactor of its own.")
  var threads = 1

  @Option(help: "New connections a second at the start.")
  var connectRate: Int?

  @Option(help: "Sizes and bytes follow from it.")
  var seed: UInt64 = 1

  @Option(help: "Open loop: messages a second in all, sent on schedule.")
  var rate: Double?

  @Flag(help: "A new connection for each message.")
  var churn = false

  @Flag(help: "Connect, hold, and count who is dropped.")
  var idle = false

  @Flag(
    help: """
      One sender, whose lines the server sends to everybody: --connections receive them, the sender is \
      one more. --depth messages are in flight, or --rate are sent a second.
      """)
  var fanOut = false

  @Option(
    help: ArgumentHelp(
      "A line that each connection of a fan-out sends first; {n} stands for its number.",
      valueName: "text"))
  var hello: String?

  @Flag(help: "Search the highest rate at which --p99 holds.")
  var findMax = false

  @Option(
    help: ArgumentHelp("The bound of --find-max.", valueName: "duration"),
    transform: DurationArgument.init(parsing:))
  var p99: DurationArgument?

  @Flag(help: "The server answers each line with a line.")
  var expectLines = false

  @Option(
    help: ArgumentHelp(
      "The server answers each message with so many bytes.", valueName: "bytes"))
  var reply: Int?

  @Option(
    help: ArgumentHelp(
      "Bytes that the server says first on each connection.", valueName: "bytes"))
  var greeting = 0

  @Flag(name: .customLong("no-verify"), help: "Do not compare the bytes that come back.")
  var noVerify = false

  @Option(help: "The server's process, to measure its cost.")
  var pid: Int?

  @Option(
    help: ArgumentHelp(
      "A command that starts the server; {port} stands for a free port.", valueName: "command"))
  var server: String?

  @Option(
    help: ArgumentHelp("The processors of that server, such as 0 or 0,2-3.", valueName: "list"))
  var serverCpus: String?

  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Measure so often; median and 95 % interval.", valueName: "times"))
  var repeats = 1

  @Option(
    help: ArgumentHelp(
      "Exit with status 2 if METRIC>VALUE, as in 'p99>5ms'; may be repeated.",
      discussion: "The metrics: \(FailCondition.metrics).", valueName: "condition"))
  var failIf: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write everything as JSON to a file, - for standard output.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a row for each trial as CSV to a file, - for standard output.", valueName: "file"))
  var csv: String?

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func run() throws {
    let options = try loadOptions()
    if let problem = options.problem { throw ValidationError(problem) }
    let conditions = try failIf.map { text in
      guard let condition = FailCondition(text) else {
        throw ValidationError("'\(text)' is no condition: write \(FailCondition.usage)")
      }
      return condition
    }
    do {
      let output = BenchOutput(json: json, csv: csv)
      try output.checkFiles()
      let runner = try LoadRunner(options, failIf: conditions, handlingSignals: true)
      let result = try runner.run(observer: quiet ? nil : BenchProgress())
      try output.write(result)
      if result.exitStatus != 0 { throw ExitCode(result.exitStatus) }
    } catch let error as LoadError {
      throw Failure("\(error)")
    }
  }
}

extension Bench {
  /// What the flags make of the library's defaults.
  func loadOptions() throws -> LoadOptions {
    var options = LoadOptions()
    options.target = try loadTarget()
    options.server = try loadServer()
    options.mode = try mode()
    options.exchange = try exchange()
    guard let sizes = MessageSizes(size ?? (fanOut ? "100" : "64")) else {
      throw ValidationError("--size takes bytes: 64, a range 16-1024, or weights 64:9,4096:1")
    }
    options.sizes = sizes
    options.greeting = greeting
    options.hello = hello
    options.connections = connections
    options.slowClients = slowClients
    options.idleConnections = idleConnections
    options.depth = depth
    options.duration = duration?.duration ?? .seconds(findMax ? 2 : 10)
    options.warmup = warmup.duration
    options.timeout = timeout.duration
    options.startTimeout = startTimeout.duration
    options.threads = threads
    options.connectRate = connectRate
    options.seed = seed
    options.verifies = !noVerify
    options.repeats = repeats
    return options
  }

  private func loadTarget() throws -> LoadTarget? {
    if let unix {
      guard target == nil else {
        throw ValidationError("give either HOST:PORT or --unix, not both")
      }
      return .unix(path: unix)
    }
    guard let target else { return nil }
    guard let colon = target.lastIndex(of: ":"),
      let port = Int(target[target.index(after: colon)...]), (1...65535).contains(port)
    else { throw ValidationError("'\(target)' is not HOST:PORT, such as 127.0.0.1:52000") }
    var host = target[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
  }

  private func loadServer() throws -> LoadServer {
    if serverCpus != nil, server == nil { throw ValidationError("--server-cpus needs --server") }
    if let server {
      guard pid == nil else { throw ValidationError("give either --pid or --server, not both") }
      let cpus = try serverCpus.map { text in
        guard let cpus = Processors.parse(text) else {
          throw ValidationError("--server-cpus '\(text)' is no list of processors, such as 0,2-3")
        }
        return cpus
      }
      return .command(server, cpus: cpus)
    }
    return pid.map { .process(pid: $0) } ?? .unknown
  }

  private func mode() throws -> LoadMode {
    let chosen = [rate != nil && !fanOut, churn, idle, findMax, fanOut].count { $0 }
    guard chosen <= 1 else {
      throw ValidationError(
        "choose one of --rate, --churn, --idle, --fan-out and --find-max (only --fan-out and --rate go together)"
      )
    }
    if findMax {
      guard let p99 else { throw ValidationError("--find-max needs a bound: --p99 2ms") }
      return .findMaximum(LatencyBound(percentile: 99, limit: p99.duration))
    }
    guard p99 == nil else { throw ValidationError("--p99 is the bound of --find-max") }
    if fanOut { return .fanOut(rate: rate) }
    if let rate { return .openLoop(rate: rate) }
    return churn ? .churn : idle ? .idle : .closedLoop
  }

  private func exchange() throws -> Exchange {
    guard let reply else { return expectLines ? .lines : .echo }
    guard !expectLines else { throw ValidationError("choose either --expect-lines or --reply") }
    return .reply(bytes: reply)
  }
}
