// `throng compare`: the models, and any peers, side by side. The flags; `CompareRun` does the rest.

import ArgumentParser
import Glibc
import ThrongCompare
import ThrongLoad

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Measure the models, and any other server, side by side, and report who wins where.",
    discussion: """
      Without flags: reactor, reactor with several loops, thread-pool and thread-per-client; a 64-byte \
      echo over 1 to 10,000 connections; then throng-report/index.html, results.json and results.csv.

      Exit status: 0 when all is measured, 1 when nothing could be, or nothing compared with \
      --baseline, 2 for a regression against it, 64 for bad usage, 130 when interrupted (what is done \
      is kept and reported; --resume goes on).
      """)

  @OptionGroup(title: "Contenders") var contenders: ContenderFlags
  @OptionGroup(title: "Workloads") var workloads: WorkloadFlags
  @OptionGroup(title: "Method") var method: MethodFlags
  @OptionGroup(title: "Results") var results: ResultFlags

  func run() throws {
    let status = try CompareRun(options: options, flags: method, results: results).run()
    if status != 0 { throw ExitCode(status) }
  }

  private var options: CompareOptions {
    get throws {
      var options = CompareOptions(throng: CompareRun.ownCommand)
      if method.quick { options.makeQuick() }
      try contenders.apply(to: &options)
      try workloads.apply(to: &options)
      try method.apply(to: &options)
      return options
    }
  }
}

struct ContenderFlags: ParsableArguments {
  @Option(
    help: .value(
      "list", "Throng's models that take part: \(Self.names), or none.", default: "all of them"),
    transform: { try ListArgument(parsing: $0, Self.model) })
  var models: ListArgument<ModelChoice?>?

  @Option(
    help: ArgumentHelp(
      "An echo server to compare with; {port} stands for its port on 127.0.0.1; may be repeated.",
      valueName: "name=command {port}"),
    transform: Self.peer)
  var peer: [PeerChoice] = []

  func validate() throws {
    if models?.values == [nil], peer.isEmpty {
      throw ValidationError("with --models none there is nothing to compare (give a --peer)")
    }
  }

  func apply(to options: inout CompareOptions) throws {
    if let models { options.models = models.values.compactMap(\.self) }
    if models?.values.contains(nil) == true, !options.models.isEmpty {
      throw ValidationError("--models none goes with no other")
    }
    options.peers = peer
  }

  private static let names = ModelChoice.allCases.map(\.rawValue).joined(separator: ", ")

  @Sendable private static func model(_ text: String) throws -> ModelChoice? {
    if text == "none" { return nil }
    guard let model = ModelChoice(rawValue: text) else {
      throw ValidationError("'\(text)' is no model (there are \(names), and none)")
    }
    return model
  }

  @Sendable private static func peer(_ text: String) throws -> PeerChoice {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw ValidationError("a peer is NAME=COMMAND {port}, such as 'mine=./server --port {port}'")
    }
    let command = String(text[text.index(after: sign)...])
    guard command.contains("{port}") else {
      throw ValidationError("the command has no {port} (write it where the port belongs)")
    }
    do {
      guard try CommandLineText.split(command).first?.contains("{port}") == false else {
        throw ValidationError("the command begins with the program to start")
      }
    } catch let error as LoadError {
      throw ValidationError("\(error)")
    }
    return PeerChoice(name: String(text[..<sign]), command: command)
  }
}

struct WorkloadFlags: ParsableArguments {
  @Option(
    help: .value("list", "Numbers of connections.", default: "1,10,100,1000,10000"),
    transform: ListArgument.positive)
  var connections: ListArgument<Int>?

  @Option(
    help: .value("list", "Echo messages of so many bytes.", default: "64"),
    transform: { try ListArgument(parsing: $0, Self.size) })
  var sizes: ListArgument<String>?

  @Option(
    help: .value("list", "So many messages in flight on each connection.", default: "1"),
    transform: ListArgument.positive)
  var depth: ListArgument<Int>?

  @Option(
    help: ArgumentHelp(
      "Handlers that compute so long for each message, such as 0us,20us,200us.", valueName: "list"),
    transform: ListArgument.durations)
  var work: ListArgument<DurationArgument>?

  @Option(
    help: ArgumentHelp(
      "Handlers that block their thread so long for each message, such as 1ms.", valueName: "list"),
    transform: ListArgument.durations)
  var block: ListArgument<DurationArgument>?

  @Option(
    help: ArgumentHelp("So many per cent of the clients read slowly.", valueName: "percent"),
    transform: PercentArgument.share)
  var slowClients: Double?

  @Option(
    help: ArgumentHelp("So many connections are held beside and say nothing.", valueName: "n"),
    transform: NumberArgument.positive)
  var idle: Int?

  @Flag(help: "A new connection for each message.")
  var churn = false

  @Flag(help: "A chat in which one speaks and all others hear; --connections are those who hear.")
  var fanOut = false

  /// The flags ask for workloads; without any, and with those of the echo, there is the echo.
  func apply(to options: inout CompareOptions) throws {
    if let connections { options.connections = connections.values.sorted() }
    if let sizes { options.sizes = sizes.values }
    if let depth { options.depths = depth.values }
    if let work { options.work = work.values.map(\.duration) }
    if let block { options.block = block.values.map(\.duration) }
    guard !options.block.contains(.zero) else {
      throw ValidationError("--block takes times, such as 1ms; without it nothing blocks")
    }
    try Self.checkMicroseconds("--work", options.work)
    try Self.checkMicroseconds("--block", options.block)
    if let slowClients {
      // A share is binary, 0.07 times 100 is more than 7: to the millionth it is what was given.
      let percent = (slowClients * 100 * 1e6).rounded() / 1e6
      guard percent > 0, percent < 100 else {
        throw ValidationError(
          "--slow-clients is a share of the clients: more than 0, less than 100 %")
      }
      options.slowClients = [percent]
    }
    if let idle { options.idle = [idle] }
    options.measuresChurn = churn
    options.measuresFanOut = fanOut
    let asksForOther = block != nil || slowClients != nil || idle != nil || churn || fanOut
    let asksForEcho = sizes != nil || depth != nil || work != nil
    options.measuresEcho = asksForEcho || !asksForOther
  }

  /// The server's flags, and the names of the cells, have no less than a microsecond.
  private static func checkMicroseconds(_ flag: String, _ times: [Duration]) throws {
    for time in times where time.components.attoseconds % 1_000_000_000_000 != 0 {
      throw ValidationError("\(flag) takes whole microseconds: write 1us or more, such as 20us")
    }
  }

  @Sendable private static func size(_ text: String) throws -> String {
    guard !text.contains(":"), MessageSizes(text) != nil else {
      throw ValidationError("--sizes takes bytes, such as 64,4096 or a range 16-1024")
    }
    return text
  }
}
