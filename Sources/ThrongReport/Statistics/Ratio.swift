// How one contender's figure compares with another's, and whether the difference is more than noise.

import ThrongLoad

/// A figure as a multiple of another, with a 95 % confidence interval.
public struct Ratio: Sendable, Equatable {
  public let value: Double
  /// Nil when one of the two was measured only once.
  public let interval: Interval?

  public init(value: Double, interval: Interval?) {
    self.value = value
    self.interval = interval
  }

  /// Of values that were measured in the same rounds, pair by pair: what slowed the machine in a round
  /// slowed both. The value is the median of the pairs' ratios.
  /// - Returns: nil when no round has both, or a value is not positive.
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

  /// Of two runs at different times: the ratio of the medians, with Welch's interval on the logarithms,
  /// which lets the two vary differently.
  /// - Returns: nil when one has no values, or one that is not positive.
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
    // Rounded down, which makes the interval wider.
    let freedom = max(1, Int((variance * variance / (parts[0] + parts[1])).rounded(.down)))
    let reach = Estimate.studentQuantile(freedom: freedom) * variance.squareRoot()
    return Interval(Math.exp(difference - reach), Math.exp(difference + reach))
  }

  public enum Outcome: Sendable, Equatable {
    case less
    case more
    /// The interval contains 1, or the difference is below the floor.
    case tie
    /// Measured once: nothing can be said.
    case unknown
  }

  /// The direction is the interval's: with few values it is about the mean of the logarithms, and the
  /// value, which is about a median, may lie on the other side of 1.
  /// - Parameter floor: the smallest difference that is called one: 0.03 for 3 %.
  public func outcome(floor: Double) -> Outcome {
    guard let interval else { return .unknown }
    if interval.contains(1) || (1 / (1 + floor) < value && value < 1 + floor) { return .tie }
    return interval.high < 1 ? .less : .more
  }

  /// The same with an interval that contains 1: the difference is below what can be measured.
  var withinResolution: Ratio {
    Ratio(value: value, interval: interval.map { _ in Interval(min(value, 1), max(value, 1)) })
  }

  /// The same, seen from the other.
  public var inverse: Ratio {
    Ratio(value: 1 / value, interval: interval.map { Interval(1 / $0.high, 1 / $0.low) })
  }
}
