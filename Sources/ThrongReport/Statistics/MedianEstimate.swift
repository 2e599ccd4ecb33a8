// Median of a few values with its 95 % confidence interval. Pure functions; any thread.

import Glibc
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

/// A median with its 95 % confidence interval, chosen for few values:
/// - Six and more: order statistics, without assumptions about the distribution. With six or seven
///   values the interval reaches from the lowest to the highest. With fewer than six no two values
///   enclose the median with 95 % (five: 93.75 %, three: 75 %).
/// - Two to five: Student's t on the logarithms, which assumes multiplicative noise. Timings have it:
///   they are positive and vary in proportion. It is wide: with three values 2.5 standard deviations.
/// - One: no interval.
///
/// A bootstrap is not used: with so few values its intervals are far too narrow.
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
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    count = sorted.count
    interval = Self.orderInterval(sorted) ?? Self.studentInterval(sorted)
  }

  /// From the k-th lowest to the k-th highest value with the largest k that reaches 95 %. The true
  /// median is below the k-th value with the probability that fewer than k of n fair coins show
  /// heads.
  private static func orderInterval(_ sorted: [Double]) -> Interval? {
    let count = sorted.count
    var ways = 1.0
    var below = ways
    var rank = 0
    let all = (0..<count).reduce(1.0) { power, _ in power * 2 }
    while below / all <= 0.025 {
      rank += 1
      ways *= Double(count - rank + 1) / Double(rank)
      below += ways
    }
    guard rank > 0 else { return nil }
    return Interval(sorted[rank - 1], sorted[count - rank])
  }

  private static func studentInterval(_ sorted: [Double]) -> Interval? {
    guard sorted.count > 1 else { return nil }
    // Memory can shrink and a count can be 0; these have no logarithm.
    guard sorted[0] > 0 else { return Moments(sorted).interval }
    return Moments(sorted.map { log($0) }).interval.map {
      Interval(exp($0.low), exp($0.high))
    }
  }
}

/// Mean of values and the variance of that mean.
struct Moments {
  let count: Int
  let mean: Double
  /// The variance of the mean, not of the values.
  let variance: Double

  init(_ values: [Double]) {
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    variance = values.count > 1 ? squares / Double(values.count - 1) / Double(values.count) : 0
  }

  /// The 95 % confidence interval of the mean by Student's t.
  var interval: Interval? {
    guard count > 1 else { return nil }
    let reach = Estimate.studentQuantile(freedom: count - 1) * variance.squareRoot()
    return Interval(mean - reach, mean + reach)
  }
}
