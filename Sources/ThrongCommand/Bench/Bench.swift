// `throng bench`: the flags, and the way from them to an exit status.

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

  @OptionGroup var address: ServerAddressArguments

  @OptionGroup var tlsFlags: TLSClientFlags

  @Flag(help: "Make a full TLS handshake for each connection: resume no sessions.")
  var tlsFullHandshakes = false

  @Option(
    name: .shortAndLong, help: .value("n", "Concurrent connections."))
  var connections = 50

  @Option(
    help: .value(
      "percent",
      """
      Share of the connections that read slowly: they request 256 KiB ahead and read 4 KiB every \
      100 ms; in a fan-out they stop reading. Not part of latency and throughput.
      """, default: 0))
  var slowClients: Double?

  @Option(
    help: .value("n", "Further connections held without traffic; losses are counted.", default: 0))
  var idleConnections: Int?

  @Option(
    help: .value(
      "bytes", "Message size: 64, a range 16-1024, or weights 64:9,4096:1.",
      default: "64, in a fan-out 100"),
    transform: MessageSizes.init(parsing:))
  var size: MessageSizes?

  @Option(
    help: .value(
      "n", "Messages in flight on each connection; in a fan-out, in all.", default: 1))
  var depth: Int?

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
  var startTimeout: DurationArgument?

  @Option(
    help: .value("n", "Load threads, each with its own event loop."))
  var threads = 1

  @Option(help: .value("n", "Limit of connects per second at the start.", default: "no limit"))
  var connectRate: Int?

  @Option(help: .value("n", "Seed of message sizes and contents."))
  var seed: UInt64 = 1

  @Option(
    help: .value("n", "Open loop: messages per second over all connections, sent on schedule."))
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
    help: .value(
      "text", "First line of each connection of a fan-out; {n} is replaced by its number."))
  var hello: String?

  @Flag(
    help: """
      Search for the highest rate with a p99 latency within --p99; rates near that bound are measured \
      three times.
      """)
  var findMax = false

  @Option(
    help: .value("duration", "Upper bound of the p99 latency for --find-max."),
    transform: DurationArgument.init(parsing:))
  var p99: DurationArgument?

  @Flag(help: "Expect one line for each line sent.")
  var expectLines = false

  @Option(help: .value("bytes", "Expect replies of this size."))
  var reply: Int?

  @Option(
    help: .value(
      "bytes", "Length of a greeting that the server sends first on each connection.", default: 0))
  var greeting: Int?

  @Flag(name: .customLong("no-verify"), help: "Do not compare the received bytes.")
  var noVerify = false

  @Option(
    help: .value("pid", "Process id of the server, to measure its CPU time and memory."))
  var pid: Int?

  @Option(
    help: .value(
      "command", "Start the server with this command; {port} is replaced by a free port."))
  var server: String?

  @Option(
    help: .value("list", "Pin that server to these processors, such as 0 or 0,2-3."))
  var serverCpus: String?

  @Option(
    name: .customLong("repeat"),
    help: .value("n", "Number of runs; reports the median and its 95 % interval."))
  var repeats = 1

  @Option(
    help: ArgumentHelp(
      "Exit with status 2 if METRIC>VALUE or METRIC<VALUE, such as 'p99>5ms'; may be repeated.",
      discussion: "Metrics: \(FailCondition.metrics.map(\.name).joined(separator: ", ")).",
      valueName: "condition"),
    transform: FailCondition.init(parsing:))
  var failIf: [FailCondition] = []

  @Option(
    help: .value("file", "Write all results as JSON to a file, or to standard output with -."))
  var json: String?

  @Option(
    help: .value("file", "Write a row for each run as CSV to a file, or to standard output with -.")
  )
  var csv: String?

  @Flag(help: "Do not report progress on standard error.")
  var quiet = false

  func validate() throws {
    try checkCombinations()
    if json == "-", csv == "-" {
      throw ValidationError(
        "--json - and --csv - exclude each other (write one of them to a file)")
    }
  }

  func run() throws {
    let options = try loadOptions()
    for condition in failIf where !condition.isMeasured(by: options) {
      throw ValidationError(
        "--fail-if '\(condition)' is about something that this benchmark does not measure")
    }
    let security = try tlsFlags.security(resumesSessions: !tlsFullHandshakes)
    let runner: LoadRunner
    do {
      runner = try LoadRunner(
        options, security: security, failIf: failIf, handlingSignals: true)
    } catch .outOfRange(let option, let value, let range) {
      throw ValidationError(LoadError.outOfRange(option, value, allowed: range).sentence)
    } catch {
      throw Failure(error.sentence)
    }
    let output = BenchOutput(json: json, csv: csv)
    try output.checkFiles()
    let result: LoadResult
    do {
      result = try runner.run(observer: quiet ? nil : BenchProgress())
    } catch {
      throw Failure(error.sentence)
    }
    try output.write(result)
    if result.exitStatus != 0 { throw ExitCode(result.exitStatus) }
  }
}
