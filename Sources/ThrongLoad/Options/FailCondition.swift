// Conditions on a result, such as "p99 above 5 ms", for a benchmark that is a test. Values; any thread.

/// A condition on a metric of the result. A result for which it holds counts as failed.
public struct FailCondition: Sendable, CustomStringConvertible {
  /// Which side of the bound fails.
  public enum Side: Sendable { case above, below }

  /// The condition as it was given: `p99>5ms`.
  public let description: String
  let name: String
  let side: Side
  /// The bound. Nanoseconds if the metric is a time.
  let bound: Double
  private let metric: RunMetric

  /// Creates a condition; nil for a name that is not in ``metrics``.
  /// - Parameters:
  ///   - bound: nanoseconds if the metric is a time.
  ///   - text: the condition as it was given, for ``LoadResult/failedConditions``.
  public init?(_ name: String, _ side: Side, _ bound: Double, text: String) {
    guard let metric = RunMetric.all.first(where: { $0.name == name }) else { return nil }
    self.name = name
    self.side = side
    self.bound = bound
    self.metric = metric
    description = text
  }

  /// Names of all metrics, and whether each is a time.
  public static let metrics: [(name: String, isTime: Bool)] =
    RunMetric.all.compactMap { metric in metric.name.map { ($0, metric.kind == .time) } }

  /// Whether a benchmark with these options measures the metric.
  public func isMeasured(by options: LoadOptions) -> Bool { metric.isMeasured(by: options) }

  /// Whether the condition holds. A metric without a value, as the latency when no message was
  /// answered, fails every condition.
  public func holds(for result: LoadResult) -> Bool {
    guard let value = value(of: result) else { return name != "errors" }
    return side == .above ? value > bound : value < bound
  }

  /// Counts are summed over the runs; other metrics are medians. After a search only the runs at
  /// the maximum rate count, except for `errors`, which counts the faults of all runs.
  private func value(of result: LoadResult) -> Double? {
    if name == "rate", let maximum = result.maximum { return maximum.rate }
    var runs = result.runs
    if let maximum = result.maximum, name != "errors" {
      runs.removeAll { $0.rate != maximum.rate }
    }
    let values = runs.compactMap(metric.value)
    guard metric.kind == .count else { return Estimate(values)?.median }
    return values.isEmpty ? nil : values.reduce(0, +)
  }
}
