// Ratio of two contenders, and whether it differs from 1 by more than noise. Values; any thread.

import LinuxSystem
import ThrongLoad

/// Ratio of two measurements with a 95 % confidence interval.
public struct Ratio: Sendable, Equatable {
  /// The ratio.
  public let value: Double
  /// The interval; nil when one of the two was measured once.
  public let interval: Interval?

  /// Creates a ratio.
  public init(value: Double, interval: Interval?) {
    self.value = value
    self.interval = interval
  }

  /// Ratio of values measured in the same rounds, pair by pair, because disturbances of a round
  /// affect both. The value is the median of the pairs' ratios.
  /// - Returns: nil without a common round, or with a value that is not positive.
  public init?(paired first: [Int: Double], to second: [Int: Double]) {
    let pairs = first.sorted { $0.key < $1.key }.compactMap { round, value in
      second[round].map { (value, $0) }
    }
    guard pairs.allSatisfy({ $0.0 > 0 && $0.1 > 0 }),
      let estimate = MedianEstimate(pairs.map { $0.0 / $0.1 })
    else { return nil }
    value = estimate.median
    interval = estimate.interval
  }

  /// Ratio of two comparisons at different times: the ratio of the medians with Welch's interval on
  /// the logarithms, which allows different variances.
  /// - Returns: nil without values, or with a value that is not positive.
  public init?(independent first: [Double], to second: [Double]) {
    guard let one = MedianEstimate(first), let other = MedianEstimate(second),
      (first + second).allSatisfy({ $0 > 0 })
    else { return nil }
    value = one.median / other.median
    interval = Self.welch(Moments(first.map(Math.log)), Moments(second.map(Math.log)))
  }

  private static func welch(_ first: Moments, _ second: Moments) -> Interval? {
    guard first.count > 1, second.count > 1 else { return nil }
    let variance = first.variance + second.variance
    let difference = first.mean - second.mean
    guard variance > 0 else { return Interval(Math.exp(difference), Math.exp(difference)) }
    let parts = [first, second].map { $0.variance * $0.variance / Double($0.count - 1) }
    // Rounded down, which widens the interval.
    let freedom = max(1, Int((variance * variance / (parts[0] + parts[1])).rounded(.down)))
    let reach = Estimate.studentQuantile(freedom: freedom) * variance.squareRoot()
    return Interval(Math.exp(difference - reach), Math.exp(difference + reach))
  }

  /// Outcome of a comparison.
  public enum Outcome: Sendable, Equatable {
    /// Significantly below 1.
    case less
    /// Significantly above 1.
    case more
    /// The interval contains 1, or the difference is below the floor.
    case tie
    /// Measured once: not known.
    case unknown
  }

  /// Outcome of the comparison. Its direction is that of the interval: with few values the interval
  /// is about the mean of the logarithms, and the median may lie on the other side of 1.
  /// - Parameter floor: smallest relative difference that counts: 0.03 for 3 %.
  public func outcome(floor: Double) -> Outcome {
    guard let interval else { return .unknown }
    if interval.contains(1) || (1 / (1 + floor) < value && value < 1 + floor) { return .tie }
    return interval.high < 1 ? .less : .more
  }

  /// The same ratio with an interval that contains 1, for a difference below the resolution.
  var withinResolution: Ratio {
    Ratio(value: value, interval: interval.map { _ in Interval(min(value, 1), max(value, 1)) })
  }

  /// The inverse ratio.
  public var inverse: Ratio {
    Ratio(value: 1 / value, interval: interval.map { Interval(1 / $0.high, 1 / $0.low) })
  }
}
