// Statistics over runs and over connections. Pure functions; any thread.

import Glibc

/// Median and mean of a metric over several runs, with a confidence interval of the median.
public struct Estimate: Sendable, Codable, Equatable {
  /// Median of the values.
  public var median: Double
  /// Arithmetic mean of the values.
  public var mean: Double
  /// Lower end of the 95 % confidence interval of the median; nil for a single value.
  public var low: Double?
  /// Upper end of that interval.
  public var high: Double?

  /// Computes the estimate; nil without values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    median = Self.median(sorted: sorted)
    mean = values.reduce(0, +) / Double(values.count)
    let interval = Self.medianInterval(sorted: sorted)
    low = interval?.lowerBound
    high = interval?.upperBound
  }

  /// The median of at least one value.
  static func median(sorted: [Double]) -> Double {
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The 95 % confidence interval of the median, chosen for few values:
  /// - Six and more: order statistics, without assumptions about the distribution. With fewer no two values
  ///   enclose the median with 95 % (five: 93.75 %).
  /// - Two to five: Student's t on the logarithms, which assumes that the noise is a factor, as that of times
  ///   is; on the values themselves, if one is not positive.
  /// - One, and values that are not finite: none.
  package static func medianInterval(sorted: [Double]) -> ClosedRange<Double>? {
    guard sorted.count > 1, sorted.allSatisfy(\.isFinite) else { return nil }
    if let interval = orderInterval(sorted) { return interval }
    guard sorted[0] > 0 else { return meanInterval(sorted) }
    let interval = meanInterval(sorted.map { log($0) })
    return exp(interval.lowerBound)...exp(interval.upperBound)
  }

  /// From the k-th lowest to the k-th highest value with the largest k that reaches 95 %. The true
  /// median is below the k-th value with the probability that fewer than k of n fair coins show heads.
  private static func orderInterval(_ sorted: [Double]) -> ClosedRange<Double>? {
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
    return rank > 0 ? sorted[rank - 1]...sorted[count - rank] : nil
  }

  /// The 95 % confidence interval of the mean of at least two values by Student's t.
  private static func meanInterval(_ values: [Double]) -> ClosedRange<Double> {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / (count - 1) / count).squareRoot()
    let reach = studentQuantile(freedom: values.count - 1) * error
    return mean - reach...mean + reach
  }

  /// The 0.975 quantile of Student's t distribution.
  package static func studentQuantile(freedom: Int) -> Double {
    let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042,
    ]
    if freedom <= table.count { return table[freedom - 1] }
    // First term of the Cornish-Fisher expansion; accurate to 0.001 for these degrees of freedom.
    return 1.960 + 2.372 / Double(freedom) + 2.8 / Double(freedom * freedom)
  }
}

enum Fairness {
  /// Jain's fairness index: 1 for equal shares, 1/n when one of n has everything (Jain, Chiu, Hawe,
  /// 1984). Nil when the sum is 0.
  static func index(_ shares: [Int]) -> Double? {
    let sum = shares.reduce(0.0) { $0 + Double($1) }
    guard sum > 0 else { return nil }
    let squares = shares.reduce(0.0) { $0 + Double($1) * Double($1) }
    return sum * sum / (Double(shares.count) * squares)
  }
}
