// What is known about a figure after a few repeats: its median, and how far the true one may be from it.

import ThrongLoad

/// A range of values.
public struct Interval: Sendable, Equatable {
  public var low: Double
  public var high: Double

  public init(_ low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }

  public func contains(_ value: Double) -> Bool { low <= value && value <= high }
}

/// A median with its 95 % confidence interval.
///
/// Three to seven repeats are few, and no interval should look better than they are:
/// - From six on, the interval is that of order statistics: it lies between two of the measured values
///   and supposes nothing about how they are distributed. With six or seven these are the lowest and
///   the highest. With fewer than six no two values can enclose the median 95 times in 100 (the lowest
///   and highest of five do so 93.75 times, of three 75 times).
/// - From two to five, it is Student's on the logarithms. That supposes noise that multiplies, which is
///   what timings have: they are positive, and vary in proportion. The median of such values is the
///   exponential of the mean of their logarithms. It is wide: with three repeats 2.5 standard
///   deviations to each side.
/// - A bootstrap is not used: with so few values it draws the same few again and gives intervals that
///   are far too narrow.
/// - One value has none.
public struct MedianEstimate: Sendable, Equatable {
  public let median: Double
  public let interval: Interval?
  public let count: Int

  /// Nil when there are no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    count = sorted.count
    interval = Self.orderInterval(sorted) ?? Self.studentInterval(sorted)
  }

  /// Between the k-th value from below and the k-th from above, with the largest k that holds 95 %: the
  /// true median is below the k-th with the probability that fewer than k of n coins show heads.
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
    // Memory can shrink, and a count can be nothing: those have no logarithm.
    guard sorted[0] > 0 else { return Moments(sorted).interval }
    return Moments(sorted.map(Math.log)).interval.map {
      Interval(Math.exp($0.low), Math.exp($0.high))
    }
  }
}

/// The mean of some values and how exactly it is known.
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
