// Flags for the handler and the execution model.

import ArgumentParser
import LinuxSystem
import Throng
import ThrongHandlers

enum Mode: String, CaseIterable, ExpressibleByArgument {
  case reactor
  case threadPool = "thread-pool"
  case threadPerClient = "thread-per-client"
}

struct ServiceFlags: ParsableArguments {
  @Option(help: "The handler that serves each client.")
  var handler = HandlerChoice.greet

  @Option(
    help: .value(
      "duration", "CPU time that the handler uses for each receive (echo, event-echo).",
      default: "0us"),
    transform: DurationArgument.init(parsing:))
  var work: DurationArgument?

  @Option(
    help: .value(
      "duration", "Time that the handler blocks its thread for each receive (echo, event-echo).",
      default: "0us"),
    transform: DurationArgument.init(parsing:))
  var block: DurationArgument?

  @Option(help: "The execution model: which threads run the handlers.")
  var mode = Mode.reactor

  @Option(
    help: .value(
      "n", "Event loops, one thread each (reactor).",
      default: "1"),
    transform: NumberArgument.positive)
  var loops: Int?

  @Option(
    help: .value(
      "n", "Worker threads (thread-pool).",
      default: "the number of cores"),
    transform: NumberArgument.positive)
  var threads: Int?

  @Option(
    help: .value(
      "bytes", "Stack size of each thread (thread-per-client).",
      default: "\(SizeArgument(Model.defaultStackSize))"),
    transform: SizeArgument.init(parsing:))
  var stackSize: SizeArgument?

  @Option(
    help: .value(
      "duration",
      "Poll for this time before sleeping: lower latency, a busy core (reactor).",
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

  var workload: SimulatedWork {
    SimulatedWork(work: work?.duration ?? .zero, block: block?.duration ?? .zero)
  }

  func apply(to configuration: inout Configuration) {
    configuration.busyPoll = busyPoll?.duration
  }

  private func requireWorking(for flag: String, given: Bool) throws {
    guard given, !HandlerChoice.working.contains(handler) else { return }
    let choices = HandlerChoice.working.map { "--handler \($0.rawValue)" }
    throw ValidationError(
      "\(flag) requires \(choices.joined(separator: " or ")) (the handler is \(handler.rawValue))")
  }

  private func require(_ needed: Mode, for flag: String, given: Bool) throws {
    guard given, mode != needed else { return }
    throw ValidationError(
      "\(flag) requires --mode \(needed.rawValue) (the mode is \(mode.rawValue))")
  }
}
