// Comparisons that are short enough for a test.

import TestSupport
import ThrongLoad
import ThrongReport

@testable import ThrongCompare

enum ShortRun {
  static func options(_ change: (inout CompareOptions) -> Void = { _ in }) -> CompareOptions {
    var options = CompareOptions(throng: ThrongProgram.path)
    options.connections = [2]
    // On a busy machine a server may not run at all for a third of a second.
    options.duration = .seconds(1)
    options.warmup = .milliseconds(20)
    options.timeout = .seconds(30)
    options.startTimeout = .seconds(30)
    options.repeats = 1
    options.countsSystemCalls = false
    change(&options)
    return options
  }

  static func plan(
    _ options: CompareOptions,
    limits: SystemLimits = SystemLimits(descriptors: 20_000, threads: 20_000)
  ) throws -> ComparePlan {
    try ComparePlan(options, command: "throng compare", version: "test", limits: limits)
  }

  static func run(
    _ options: CompareOptions, resuming earlier: CompareResults? = nil,
    observer: ((StopRequest) -> any CompareObserver)? = nil
  ) throws -> CompareResults {
    let stop = try StopRequest(watchingSignals: false)
    return try Comparison(
      try plan(options), resuming: earlier, file: nil, program: ThrongProgram.path,
      interruption: stop,
      observer: observer?(stop)
    ).run()
  }
}

/// Stops a comparison after a number of cells.
final class Stopper: CompareObserver {
  private let stop: StopRequest
  private var left: Int
  private(set) var measured: [String] = []

  init(_ stop: StopRequest, after cells: Int) {
    self.stop = stop
    left = cells
  }

  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration) {}

  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults) {
    measured.append("\(task.id) \(task.round)")
    left -= 1
    if left == 0 { stop.stop() }
  }

  func noted(_ note: String) {}
  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int) {}
}

/// Requests a stop when the first measurement starts.
final class StopperAtOnce: CompareObserver {
  private let stop: StopRequest
  private(set) var begun = 0

  init(_ stop: StopRequest) { self.stop = stop }

  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration) {
    begun += 1
    stop.stop()
  }

  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults) {}
  func noted(_ note: String) {}
  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int) {}
}
