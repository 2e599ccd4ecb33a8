// The flags that choose what is served, and how handlers are given threads.

import ArgumentParser
import Throng
import ThrongHandlers

enum Mode: String, CaseIterable, ExpressibleByArgument {
  case reactor
  case threadPool = "thread-pool"
  case threadPerClient = "thread-per-client"
}

struct ServiceFlags: ParsableArguments {
  @Option(help: "What happens with each client.")
  var handler = HandlerChoice.greet

  @Option(
    help: .value(
      "duration", "The handler computes so long for each receive (echo, event-echo).",
      default: "0us"),
    transform: DurationArgument.init(parsing:))
  var work: DurationArgument?

  @Option(
    help: .value(
      "duration", "The handler blocks its thread so long for each receive (echo, event-echo).",
      default: "0us"),
    transform: DurationArgument.init(parsing:))
  var block: DurationArgument?

  @Option(help: "How handlers are given threads.")
  var mode = Mode.reactor

  @Option(
    help: .value(
      "n", "Event loops, each with a thread (reactor).",
      default: "1"),
    transform: NumberArgument.positive)
  var loops: Int?

  @Option(
    help: .value(
      "n", "Workers (thread-pool).",
      default: "the number of cores"),
    transform: NumberArgument.positive)
  var threads: Int?

  @Option(
    help: .value(
      "bytes", "Stack of each thread (thread-per-client).",
      default: "\(SizeArgument(Model.defaultStackSize))"),
    transform: SizeArgument.init(parsing:))
  var stackSize: SizeArgument?

  @Option(
    help: .value(
      "duration", "Look for events this long without sleeping: a core for latency (reactor).",
      default: "off"),
    transform: TimeLimitArgument.init(parsing:))
  var busyPoll: TimeLimitArgument?

  func validate() throws {
    try requireWorking(for: "--work", given: work != nil)
    try requireWorking(for: "--block", given: block != nil)
    try require(.reactor, for: "--busy-poll", given: busyPoll != nil)
    try require(.reactor, for: "--loops", given: loops != nil)
    try require(.threadPool, for: "--threads", given: threads != nil)
    try require(.threadPerClient, for: "--stack-size", given: stackSize != nil)
    if let stackSize, stackSize.bytes < Model.minimumStackSize {
      throw ValidationError(
        "a stack of \(stackSize) is too small (give --stack-size at least "
          + "\(SizeArgument(Model.minimumStackSize)))")
    }
  }

  var model: Model {
    switch mode {
    case .reactor: .reactor(loops: loops ?? 1)
    case .threadPool: threads.map { .threadPool(threads: $0) } ?? .threadPool
    case .threadPerClient: .threadPerClient(stackSize: stackSize?.bytes ?? Model.defaultStackSize)
    }
  }

  var workload: Workload {
    Workload(work: work?.duration ?? .zero, block: block?.duration ?? .zero)
  }

  func apply(to configuration: inout Configuration) {
    configuration.busyPoll = busyPoll?.duration
  }

  private func requireWorking(for flag: String, given: Bool) throws {
    guard given, !HandlerChoice.working.contains(handler) else { return }
    let choices = HandlerChoice.working.map { "--handler \($0.rawValue)" }
    throw ValidationError(
      "\(flag) has no meaning with --handler \(handler.rawValue) "
        + "(leave it out, or choose \(choices.joined(separator: " or ")))")
  }

  private func require(_ needed: Mode, for flag: String, given: Bool) throws {
    guard given, mode != needed else { return }
    throw ValidationError(
      "\(flag) has no meaning under \(mode.rawValue) "
        + "(leave it out, or choose --mode \(needed.rawValue))")
  }
}
