// Statistics over runs and over connections. Pure functions; any thread.

/// Median, mean and confidence interval of a metric over several runs.
public struct Estimate: Sendable, Codable, Equatable {
  /// Median of the values.
  public var median: Double
  /// Arithmetic mean of the values.
  public var mean: Double
  /// Lower end of the 95 % confidence interval of the mean (Student's t); nil for a single value.
  public var low: Double?
  /// Upper end of that interval.
  public var high: Double?

  /// Computes the estimate; nil without values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return }
    let center = mean
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    let error = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    let reach = Self.studentQuantile(freedom: values.count - 1) * error
    low = mean - reach
    high = mean + reach
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
