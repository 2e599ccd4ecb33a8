// Conditions on a result that make `throng bench` fail: `p99>5ms`, `rate<10000`, `errors>0`.
// Values; any thread.

import LinuxSystem

/// A condition on a metric of the result. A result for which it holds counts as failed.
public struct FailCondition: Sendable, Codable, Equatable, CustomStringConvertible {
  enum Comparison: String, Codable { case above = ">", below = "<" }

  let metric: String
  let comparison: Comparison
  /// The bound. Nanoseconds if the metric is a time.
  let threshold: Double
  /// The text of the condition, without spaces.
  public let description: String

  static let times = [
    "min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max", "server-cpu", "delivery-cpu",
  ]
  static let numbers = ["rate", "deliveries", "errors", "fairness", "late", "unsent"]
  private static let counts: Set = ["errors", "late", "unsent"]

  /// Parses `METRIC>VALUE` or `METRIC<VALUE`. Nil for other text and for an unknown metric.
  public init?(_ text: String) {
    let text = text.filter { $0 != " " }
    guard let sign = text.firstIndex(where: { $0 == ">" || $0 == "<" }),
      let comparison = Comparison(rawValue: String(text[sign]))
    else { return nil }
    let metric = String(text[..<sign])
    let value = text[text.index(after: sign)...]
    if Self.times.contains(metric), let duration = DurationText.parse(value) {
      threshold = duration / .nanoseconds(1)
    } else if Self.numbers.contains(metric), let number = Double(value) {
      threshold = number
    } else {
      return nil
    }
    self.metric = metric
    self.comparison = comparison
    description = text
  }

  /// Syntax and metrics, for a usage error.
  public static var usage: String {
    "METRIC>VALUE or METRIC<VALUE, as in p99>5ms or rate<10000; the metrics are \(metrics)"
  }

  /// All metrics, separated by commas.
  public static var metrics: String { (times + numbers).joined(separator: ", ") }

  /// Whether the condition holds. A metric that was not measured fails every condition except one
  /// on `errors`.
  public func holds(for result: LoadResult) -> Bool {
    guard let value = value(of: result) else { return metric != "errors" }
    return comparison == .above ? value > threshold : value < threshold
  }

  /// Counts are summed over the runs; other metrics are medians. After a search only the runs at
  /// the maximum rate count, except for `errors`, which counts the faults of all runs.
  private func value(of result: LoadResult) -> Double? {
    if metric == "rate", let maximum = result.maximum { return maximum.rate }
    var runs = result.runs
    if let maximum = result.maximum, metric != "errors" {
      runs.removeAll { $0.rate != maximum.rate }
    }
    let values = runs.compactMap { value(in: $0) }
    guard Self.counts.contains(metric) else { return Estimate(values)?.median }
    return values.isEmpty ? nil : values.reduce(0, +)
  }

  private func value(in run: RunResult) -> Double? {
    switch metric {
    case "min": run.latency.map { Double($0.min) }
    case "mean": run.latency?.mean
    case "p50": run.latency.map { Double($0.p50) }
    case "p90": run.latency.map { Double($0.p90) }
    case "p99": run.latency.map { Double($0.p99) }
    case "p99.9": run.latency.map { Double($0.p999) }
    case "p99.99": run.latency.map { Double($0.p9999) }
    case "max": run.latency.map { Double($0.max) }
    case "server-cpu": run.server?.cpuMicrosecondsPerMessage.map { $0 * 1000 }
    case "delivery-cpu": run.fanOut?.serverCpuMicrosecondsPerDelivery.map { $0 * 1000 }
    case "deliveries": run.fanOut?.deliveriesPerSecond
    case "rate": run.messagesPerSecond
    case "errors": run.faults.reduce(0) { $0 + Double($1.count) }
    case "fairness": run.connections.fairness
    case "late": run.late.map(Double.init)
    default: run.unsent.map(Double.init)
    }
  }
}
