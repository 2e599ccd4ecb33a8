// Summary of a latency histogram, for text and files. A value; any thread.

import Histogram
import LinuxSystem

/// A distribution of times in nanoseconds. Percentiles are accurate to three digits (HDR
/// histogram).
public struct LatencySummary: Sendable, Codable, Equatable {
  /// Number of values.
  public var count: Int
  /// Lowest value.
  public var min: UInt64
  /// Arithmetic mean.
  public var mean: Double
  /// Median.
  public var p50: UInt64
  /// 90th percentile.
  public var p90: UInt64
  /// 99th percentile.
  public var p99: UInt64
  /// 99.9th percentile.
  public var p999: UInt64
  /// 99.99th percentile.
  public var p9999: UInt64
  /// Highest value.
  public var max: UInt64
  /// Pairs of the highest time of a bucket and its count, ascending.
  public var histogram: [[UInt64]]

  init?(_ latencies: Latencies) {
    guard latencies.totalCount > 0 else { return nil }
    count = Int(latencies.totalCount)
    min = latencies.min
    mean = latencies.mean
    p50 = latencies.valueAtPercentile(50)
    p90 = latencies.valueAtPercentile(90)
    p99 = latencies.valueAtPercentile(99)
    p999 = latencies.valueAtPercentile(99.9)
    p9999 = latencies.valueAtPercentile(99.99)
    max = latencies.max
    histogram = latencies.recordedValues().map { [$0.value, $0.count] }
  }

  /// The value at a percentile between 0 and 100, computed from the histogram.
  public func value(at percentile: Double) -> UInt64 {
    let rank = Swift.max(1, (percentile / 100 * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for bucket in histogram {
      seen += bucket[1]
      if Double(seen) >= rank { return bucket[0] }
    }
    return max
  }
}
