// `throng bench`: converts flags into `LoadOptions`, and writes the result to files and standard
// output.

import ArgumentParser
import LinuxSystem
import ThrongLoad

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Generate load for a server, verify every byte, and measure client and server.",
    discussion: """
      Exit status: 0 without faults, 1 after a fault of the server or a connection, 2 when a \
      --fail-if condition holds, 64 for wrong usage, 130 when interrupted.
      """)

  @Argument(help: "Address of the server, as HOST:PORT.")
  var target: String?

  @Option(help: ArgumentHelp("Unix socket of the server, instead of HOST:PORT.", valueName: "path"))
  var unix: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Concurrent connections.", valueName: "n"))
  var connections = 50

  @Option(
    help: ArgumentHelp(
      """
      Share of the connections that read slowly: they request 256 KiB ahead and read 4 KiB every \
      100 ms; in a fan-out they stop reading. Not part of latency and throughput.
      """, valueName: "percent"))
  var slowClients = 0.0

  @Option(
    help: ArgumentHelp(
      "Further connections held without traffic; losses are counted.", valueName: "n"))
  var idleConnections = 0

  @Option(
    help: ArgumentHelp(
      """
      Message size: 64, a range 16-1024, or weights 64:9,4096:1. (default: 64, in a fan-out 100)
      """, valueName: "bytes"))
  var size: String?

  @Option(
    help: ArgumentHelp(
      "Messages in flight on each connection; in a fan-out, in all.", valueName: "n"))
  var depth = 1

  @Option(
    help: .value("duration", "Measured time of each run.", default: "10s, in a search 2s"),
    transform: DurationArgument.init(parsing:))
  var duration: DurationArgument?

  @Option(
    help: .value("duration", "Load before the measured time.", default: "1s"),
    transform: DurationArgument.init(parsing:))
  var warmup = DurationArgument(.seconds(1))

  @Option(
    help: .value("duration", "Time limit of a connect and of a reply.", default: "5s"),
    transform: DurationArgument.init(parsing:))
  var timeout = DurationArgument(.seconds(5))

  @Option(
    help: .value("duration", "Time within which --server must listen.", default: "10s"),
    transform: DurationArgument.init(parsing:))
  var startTimeout = DurationArgument(.seconds(10))

  @Option(
    help: ArgumentHelp("Load threads, each with its own event loop.", valueName: "n"))
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Limit of connects per second at the start. (default: no limit)", valueName: "n"))
  var connectRate: Int?

  @Option(help: ArgumentHelp("Seed of message sizes and contents.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Open loop: messages per second over all connections, sent on schedule.",
      valueName: "n"))
  var rate: Double?

  @Flag(help: "Open a new connection for each message.")
  var churn = false

  @Flag(help: "Hold connections without traffic and count the lost ones.")
  var idle = false

  @Flag(
    help: """
      One further connection sends lines, which the server must send to all --connections. Keeps \
      --depth lines in flight, or sends --rate lines per second.
      """)
  var fanOut = false

  @Option(
    help: ArgumentHelp(
      "First line of each connection of a fan-out; {n} is replaced by its number.",
      valueName: "text"))
  var hello: String?

  @Flag(help: "Search for the highest rate with a p99 latency within --p99.")
  var findMax = false

  @Option(
    help: ArgumentHelp("Upper bound of the p99 latency for --find-max.", valueName: "duration"),
    transform: DurationArgument.init(parsing:))
  var p99: DurationArgument?

  @Flag(help: "Expect one line for each line sent.")
  var expectLines = false

  @Option(
    help: ArgumentHelp(
      "Expect replies of this size.", valueName: "bytes"))
  var reply: Int?

  @Option(
    help: ArgumentHelp(
      "Length of a greeting that the server sends first on each connection.", valueName: "bytes"))
  var greeting = 0

  @Flag(name: .customLong("no-verify"), help: "Do not compare the received bytes.")
  var noVerify = false

  @Option(
    help: ArgumentHelp("Process id of the server, to measure its CPU time and memory."))
  var pid: Int?

  @Option(
    help: ArgumentHelp(
      "Start the server with this command; {port} is replaced by a free port.", valueName: "command"
    ))
  var server: String?

  @Option(
    help: ArgumentHelp(
      "Pin that server to these processors, such as 0 or 0,2-3.", valueName: "list"))
  var serverCpus: String?

  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Number of runs; reports the median and the 95 % interval.", valueName: "n"))
  var repeats = 1

  @Option(
    help: ArgumentHelp(
      "Exit with status 2 if METRIC>VALUE or METRIC<VALUE, such as 'p99>5ms'; may be repeated.",
      discussion: "Metrics: \(FailCondition.metrics).", valueName: "condition"))
  var failIf: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write all results as JSON to a file, or to standard output with -.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a row for each run as CSV to a file, or to standard output with -.", valueName: "file")
  )
  var csv: String?

  @Flag(help: "Do not report progress on standard error.")
  var quiet = false

  func run() throws {
    let options = try loadOptions()
    if let problem = options.problem { throw ValidationError(problem) }
    let conditions = try failIf.map { text in
      guard let condition = FailCondition(text) else {
        throw ValidationError("invalid --fail-if '\(text)' (use \(FailCondition.usage))")
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
  /// Converts the flags into options.
  func loadOptions() throws -> LoadOptions {
    var options = LoadOptions()
    options.target = try loadTarget()
    options.server = try loadServer()
    options.mode = try mode()
    options.exchange = try exchange()
    guard let sizes = MessageSizes(size ?? (fanOut ? "100" : "64")) else {
      throw ValidationError(
        "invalid --size (use bytes such as 64, a range 16-1024, or weights 64:9,4096:1)")
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
        throw ValidationError("HOST:PORT and --unix exclude each other")
      }
      return .unix(path: unix)
    }
    guard let target else { return nil }
    guard let colon = target.lastIndex(of: ":"),
      let port = Int(target[target.index(after: colon)...]), (1...65535).contains(port)
    else {
      throw ValidationError("invalid address '\(target)' (use HOST:PORT, such as 127.0.0.1:52000)")
    }
    var host = target[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
  }

  private func loadServer() throws -> LoadServer {
    if serverCpus != nil, server == nil { throw ValidationError("--server-cpus requires --server") }
    if let server {
      guard pid == nil else { throw ValidationError("--pid and --server exclude each other") }
      let cpus = try serverCpus.map { text in
        guard let cpus = Processors.parse(text) else {
          throw ValidationError("invalid --server-cpus '\(text)' (use a list such as 0,2-3)")
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
        "--rate, --churn, --idle, --fan-out and --find-max exclude each other (except --fan-out with --rate)"
      )
    }
    if findMax {
      guard let p99 else { throw ValidationError("--find-max requires a bound, such as --p99 2ms") }
      return .findMaximum(LatencyBound(percentile: 99, limit: p99.duration))
    }
    guard p99 == nil else { throw ValidationError("--p99 requires --find-max") }
    if fanOut { return .fanOut(rate: rate) }
    if let rate { return .openLoop(rate: rate) }
    return churn ? .churn : idle ? .idle : .closedLoop
  }

  private func exchange() throws -> Exchange {
    guard let reply else { return expectLines ? .lines : .echo }
    guard !expectLines else {
      throw ValidationError("--expect-lines and --reply exclude each other")
    }
    return .reply(bytes: reply)
  }
}
