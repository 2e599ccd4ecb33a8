// Flags of `throng compare` for the method and for the results.

import ArgumentParser
import LinuxSystem
import ThrongCompare
import ThrongLoad

struct MethodFlags: ParsableArguments {
  @Flag(help: "Take about a minute: 1, 100 and 1,000 connections, six short rounds.")
  var quick = false

  @Option(
    help: .value("duration", "Measured time of each sample.", default: "2s"),
    transform: DurationArgument.init(parsing:))
  var duration: DurationArgument?

  @Option(
    help: .value("duration", "Load before the measured time.", default: "300ms"),
    transform: DurationArgument.init(parsing:))
  var warmup: DurationArgument?

  @Option(
    help: .value("n", "Rounds; each measures every cell once, in a new order.", default: "5"),
    transform: Self.rounds)
  var repeats: Int?

  @Option(
    help: .value("duration", "Time limit of a connect and of a reply.", default: "5s"),
    transform: DurationArgument.init(parsing:))
  var timeout = DurationArgument(.seconds(5))

  @Option(
    help: .value("duration", "Time within which a server must listen.", default: "10s"),
    transform: DurationArgument.init(parsing:))
  var startTimeout = DurationArgument(.seconds(10))

  @Option(help: .value("n", "Seed of the order within the rounds.", default: "random"))
  var seed: UInt64?

  @Option(
    help: .value(
      "list", "Processors of the servers, such as 0 or 0,2-3.", default: "half of the cores"),
    transform: Self.processors)
  var serverCpus: [Int]?

  @Option(
    help: .value(
      "list", "Processors of the load generator, one thread each.", default: "other half"),
    transform: Self.processors)
  var generatorCpus: [Int]?

  @Flag(name: .customLong("no-system-calls"), help: "Do not count system calls with strace.")
  var noSystemCalls = false

  func apply(to options: inout CompareOptions) throws {
    if let duration { options.duration = duration.duration }
    if let warmup { options.warmup = warmup.duration }
    if let repeats { options.repeats = repeats }
    options.timeout = timeout.duration
    options.startTimeout = startTimeout.duration
    options.seed = seed ?? UInt64.random(in: 1...999_999)
    options.serverProcessors = serverCpus
    options.generatorProcessors = generatorCpus
    options.countsSystemCalls = !noSystemCalls
    let times = [
      ("--duration", options.duration), ("--timeout", options.timeout),
      ("--start-timeout", options.startTimeout),
    ]
    for (flag, time) in times where time <= .zero {
      throw ValidationError("\(flag) must be greater than 0, such as 2s")
    }
  }

  /// All measurements are planned in memory before the first one.
  private static let maximumRounds = 1000

  @Sendable private static func rounds(_ text: String) throws -> Int {
    let rounds = try NumberArgument.positive(text)
    guard rounds <= maximumRounds else {
      throw ValidationError("--repeats must be at most \(maximumRounds) (use a longer --duration)")
    }
    return rounds
  }

  @Sendable private static func processors(_ text: String) throws -> [Int] {
    guard let processors = Processors.parse(text) else {
      throw ValidationError("invalid processors '\(text)' (use a list such as 0,2-3)")
    }
    return Set(processors).sorted()
  }
}

struct ResultFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Directory of the report.", valueName: "directory"))
  var output = "throng-report"

  @Flag(
    help:
      "Continue the comparison in --output: measure missing and failed cells."
  )
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Compare with an earlier results.json; exit with status 2 after a regression.",
      valueName: "file"))
  var baseline: String?

  @Option(
    help: .value("percent", "Accepted change for the worse with --baseline.", default: "5%"),
    transform: PercentArgument.share)
  var tolerance: Double?

  @Flag(help: "Print the cells and the expected time; measure nothing.")
  var list = false

  @Option(
    help: ArgumentHelp(
      "Measure one cell of --list and print the output of the load generator.",
      valueName: "id"))
  var cell: String?

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output must not be empty") }
    if tolerance != nil, baseline == nil {
      throw ValidationError("--tolerance requires --baseline")
    }
    if list, cell != nil { throw ValidationError("--list and --cell exclude each other") }
    if list || cell != nil, resume || baseline != nil {
      throw ValidationError("--list and --cell exclude --resume and --baseline")
    }
  }
}
