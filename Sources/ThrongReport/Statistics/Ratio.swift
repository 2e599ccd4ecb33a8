// Ratio of two contenders, and whether it differs from 1 by more than noise. Values; any thread.

import Glibc
import ThrongLoad

/// Ratio of two measurements with a 95 % confidence interval.
package struct Ratio: Sendable, Equatable {
  package let value: Double
  /// Nil when one of the two was measured once.
  package let interval: Interval?
  /// Rounds that both have, and those in which the ratio was below 1; 0 for different runs.
  private(set) var rounds = 0
  private(set) var roundsBelow = 0

  package init(value: Double, interval: Interval?) {
    self.value = value
    self.interval = interval
  }

  /// Ratio of values measured in the same rounds, pair by pair, because disturbances of a round
  /// affect both. The value is the median of the pairs' ratios.
  /// - Returns: nil without a common round, or with a value that is not positive.
  package init?(paired first: [Int: Double], to second: [Int: Double]) {
    let pairs = first.sorted { $0.key < $1.key }.compactMap { round, value in
      second[round].map { (value, $0) }
    }
    guard pairs.allSatisfy({ $0.0 > 0 && $0.1 > 0 }),
      let estimate = MedianEstimate(pairs.map { $0.0 / $0.1 })
    else { return nil }
    self.init(value: estimate.median, interval: estimate.interval)
    rounds = pairs.count
    roundsBelow = pairs.count { $0.0 < $0.1 }
  }

  /// Ratio of two comparisons at different times: the ratio of the medians with Welch's interval on
  /// the logarithms, which allows different variances.
  /// - Returns: nil without values, or with a value that is not positive.
  package init?(independent first: [Double], to second: [Double]) {
    guard let one = MedianEstimate(first), let other = MedianEstimate(second),
      (first + second).allSatisfy({ $0 > 0 })
    else { return nil }
    self.init(
      value: one.median / other.median,
      interval: Self.welch(first.map { log($0) }, second.map { log($0) }))
  }

  private static func welch(_ first: [Double], _ second: [Double]) -> Interval? {
    guard first.count > 1, second.count > 1 else { return nil }
    let moments = [first, second].map { values in
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      // The variance of the mean, not of the values.
      return (mean: mean, variance: squares / Double((values.count - 1) * values.count))
    }
    let variance = moments[0].variance + moments[1].variance
    let difference = moments[0].mean - moments[1].mean
    guard variance > 0 else { return Interval(exp(difference), exp(difference)) }
    let parts = zip(moments, [first, second]).reduce(0) { sum, part in
      sum + part.0.variance * part.0.variance / Double(part.1.count - 1)
    }
    // Rounded down, which widens the interval.
    let freedom = max(1, Int((variance * variance / parts).rounded(.down)))
    let reach = Estimate.studentQuantile(freedom: freedom) * variance.squareRoot()
    return Interval(exp(difference - reach), exp(difference + reach))
  }

  /// Outcome of a comparison.
  package enum Outcome: Sendable, Equatable {
    /// Significantly below, or above, 1.
    case less, more
    /// The interval contains 1, or the difference is below the floor.
    case indistinguishable
    /// Measured once.
    case unknown
  }

  /// Outcome of the comparison. Its direction is that of the interval: with few values the interval
  /// is about the mean of the logarithms, and the median may lie on the other side of 1.
  /// - Parameter floor: smallest relative difference that counts: 0.03 for 3 %.
  package func outcome(floor: Double) -> Outcome {
    guard let interval else { return .unknown }
    if interval.contains(1) || (1 / (1 + floor) < value && value < 1 + floor) {
      return .indistinguishable
    }
    return interval.high < 1 ? .less : .more
  }

  /// Confidence of the sign test that the ratio is on one side of 1, 0 to 1: one less the
  /// probability that fair coins agree at least as often as the rounds do. Six of six rounds: 0.97.
  var confidence: Double {
    let agreeing = max(roundsBelow, rounds - roundsBelow)
    let tail = (agreeing...rounds).reduce(0.0) { $0 + Self.ways(of: $1, from: rounds) }
    return max(0, 1 - 2 * tail / pow(2, Double(rounds)))
  }

  private static func ways(of count: Int, from all: Int) -> Double {
    (0..<count).reduce(1.0) { $0 * Double(all - $1) / Double($1 + 1) }
  }

  /// The same ratio with an interval that contains 1, for a difference below the resolution.
  var withinResolution: Ratio {
    Ratio(value: value, interval: interval.map { _ in Interval(min(value, 1), max(value, 1)) })
  }
}
