// Median of a few values with its 95 % confidence interval. Values; any thread.

import ThrongLoad

/// A closed range of values.
package struct Interval: Sendable, Equatable {
  package var low: Double
  package var high: Double

  package init(_ low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }

  package func contains(_ value: Double) -> Bool { low <= value && value <= high }
  /// Half of the width.
  package var reach: Double { (high - low) / 2 }
}

/// A median with its 95 % confidence interval, as `throng bench --repeat` computes it. A bootstrap is not
/// used: with so few values its intervals are far too narrow.
package struct MedianEstimate: Sendable, Equatable {
  package let median: Double
  /// Nil for a single value.
  package let interval: Interval?
  /// Number of values.
  package let count: Int

  /// Half of the interval as a share of the median; nil without an interval.
  package var spread: Double? {
    interval.flatMap { median == 0 ? nil : $0.reach / abs(median) }
  }

  /// Nil without values.
  package init?(_ values: [Double]) {
    guard let estimate = Estimate(values) else { return nil }
    median = estimate.median
    interval = estimate.low.flatMap { low in estimate.high.map { Interval(low, $0) } }
    count = values.count
  }
}
