// How `throng compare` measures, and where its results go.

import ArgumentParser
import ThrongCompare
import ThrongLoad

struct MethodFlags: ParsableArguments {
  @Flag(help: "All in 40 s: 1, 100 and 1,000 connections, three short rounds.")
  var quick = false

  @Option(
    help: .value("duration", "How long each sample measures.", default: "2s"),
    transform: DurationArgument.init(parsing:))
  var duration: DurationArgument?

  @Option(
    help: .value("duration", "How long the load runs before that.", default: "300ms"),
    transform: DurationArgument.init(parsing:))
  var warmup: DurationArgument?

  @Option(
    help: .value("n", "Rounds: each measures every cell once, shuffled.", default: "5"),
    transform: Self.rounds)
  var repeats: Int?

  @Option(
    help: .value("duration", "How long a connect or a reply may take.", default: "5s"),
    transform: DurationArgument.init(parsing:))
  var timeout = DurationArgument(.seconds(5))

  @Option(
    help: .value("duration", "How long a server may take until it listens.", default: "10s"),
    transform: DurationArgument.init(parsing:))
  var startTimeout = DurationArgument(.seconds(10))

  @Option(help: .value("n", "The order within the rounds follows from it.", default: "drawn"))
  var seed: UInt64?

  @Option(
    help: .value(
      "list", "The servers' processors, such as 0 or 0,2-3.", default: "half of the cores"),
    transform: Self.processors)
  var serverCpus: [Int]?

  @Option(
    help: .value("list", "The generator's, each with a thread.", default: "the other half"),
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
      throw ValidationError("\(flag) must be more than nothing, such as 2s")
    }
  }

  /// All measurements are planned before the first, in memory.
  private static let mostRounds = 1000

  @Sendable private static func rounds(_ text: String) throws -> Int {
    let rounds = try NumberArgument.positive(text)
    guard rounds <= mostRounds else {
      throw ValidationError("more than \(mostRounds) rounds say no more (a longer --duration does)")
    }
    return rounds
  }

  @Sendable private static func processors(_ text: String) throws -> [Int] {
    guard let processors = Processors.parse(text) else {
      throw ValidationError("'\(text)' is no list of processors, such as 0,2-3")
    }
    return Set(processors).sorted()
  }
}

struct ResultFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Where the report goes.", valueName: "directory"))
  var output = "throng-report"

  @Flag(
    help:
      "Go on with the comparison of results.json in --output: what is missing or has failed is measured."
  )
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Compare with an earlier results.json; a regression ends with status 2.", valueName: "file"))
  var baseline: String?

  @Option(
    help: .value("percent", "What --baseline lets pass.", default: "5%"),
    transform: PercentArgument.share)
  var tolerance: Double?

  @Flag(help: "Print what would be measured, and how long it takes; measure nothing.")
  var list = false

  @Option(
    help: ArgumentHelp(
      "Measure one cell, as --list names it, and print all that the generator says.",
      valueName: "id"))
  var cell: String?

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output needs the name of a directory") }
    if tolerance != nil, baseline == nil { throw ValidationError("--tolerance needs --baseline") }
    if list, cell != nil { throw ValidationError("choose either --list or --cell") }
    if list || cell != nil, resume || baseline != nil {
      throw ValidationError("--list and --cell go without --resume and --baseline")
    }
  }
}
