// Search for the highest rate at which a latency percentile stays within a bound. A closed-loop run
// gives the upper end; then the interval between a passing and a failing rate is bisected. A rate whose
// first run is near the bound is measured three times, and the median decides.
// Runs on the calling thread of `LoadRunner.run`.

import LinuxSystem

struct MaximumSearch {
  /// Measures run number `number` of the search at a rate; nil: the closed loop.
  typealias Measure = (_ number: Int, _ rate: Double?) throws(LoadError) -> RunResult

  private let bound: LatencyBound
  private let wasStopped: () -> Bool
  private let measureRun: Measure
  private var result: LoadResult

  /// Relative width of the interval at which the search ends.
  private static let precision = 0.03
  private static let maximumRates = 16
  /// A run is near the bound when its latency differs by no more than this factor, or when it has reached
  /// this share of a rate that it did not reach.
  private static let nearFactor = 2.0
  private static let nearShare = 0.9
  private static let runsNearTheBound = 3

  /// - Parameter wasStopped: whether the benchmark was interrupted.
  init(
    _ options: LoadOptions, _ bound: LatencyBound, wasStopped: @escaping () -> Bool,
    measure: @escaping Measure
  ) {
    self.bound = bound
    self.wasStopped = wasStopped
    measureRun = measure
    result = LoadResult(configuration: options, runs: [])
  }

  consuming func run() throws(LoadError) -> LoadResult {
    let first = try measure(rate: nil)
    var low = 0.0
    var lowLatency: UInt64?
    var high = first.messagesPerSecond * 1.1
    var failedAt: Double?
    var rates = 0
    guard first.faults.isEmpty, high > 0 else { return finish(low, nil, nil) }
    while rates < Self.maximumRates, high - low > Self.precision * high, !wasStopped() {
      // The maximum is usually near the throughput of the closed loop.
      let rate = low == 0 ? high * (rates == 0 ? 0.8 : 0.5) : (low + high) / 2
      guard rate >= 1 else { break }
      rates += 1
      if let latency = try latencyIfHeld(rate) {
        low = rate
        lowLatency = latency
      } else if wasStopped() {
        // An interrupted run says nothing about its rate.
        break
      } else {
        high = rate
        failedAt = rate
      }
      if result.runs.contains(where: { !$0.faults.isEmpty }) { break }
    }
    return finish(low, lowLatency, failedAt)
  }

  private var limit: Double { bound.limit / .nanoseconds(1) }

  /// Median latency over the runs at a rate; nil when it exceeds the bound. The latency of a run that did
  /// not reach the rate is infinite.
  private mutating func latencyIfHeld(_ rate: Double) throws(LoadError) -> UInt64? {
    var latencies: [Double] = []
    var wanted = result.configuration.repeats
    while latencies.count < wanted, !wasStopped() {
      let run = try measure(rate: rate)
      guard run.faults.isEmpty else { return nil }
      let latency = run.latency.map { Double($0.value(at: bound.percentile)) } ?? .infinity
      let isReached = run.unsent == 0 && run.messagesPerSecond > 0.98 * rate
      latencies.append(isReached ? latency : .infinity)
      let isNear =
        isReached
        ? latency > limit / Self.nearFactor && latency < limit * Self.nearFactor
        : run.messagesPerSecond > Self.nearShare * rate
      if isNear { wanted = max(wanted, Self.runsNearTheBound) }
    }
    guard !wasStopped(), !latencies.isEmpty else { return nil }
    let median = Estimate.median(sorted: latencies.sorted())
    return median <= limit ? UInt64(median) : nil
  }

  private mutating func measure(rate: Double?) throws(LoadError) -> RunResult {
    let run = try measureRun(result.runs.count + 1, rate)
    result.runs.append(run)
    return run
  }

  private consuming func finish(_ rate: Double, _ latency: UInt64?, _ failed: Double?) -> LoadResult
  {
    result.maximum = MaximumRate(rate: rate, bound: bound, latency: latency, failedAt: failed)
    return result
  }
}
