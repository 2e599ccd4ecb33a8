// Durations counted in buckets: a value, and the recorder that any thread adds to.

import LinuxSystem
import Synchronization

/// How many durations lie between given bounds.
public struct DurationHistogram: Sendable, Hashable {
  /// The upper bounds in seconds, ascending.
  public let bounds: [Double]
  /// How many durations lie in each bucket; the last is for those above all bounds.
  public internal(set) var counts: [Int]
  /// The sum of all durations in seconds.
  public internal(set) var sum = 0.0

  /// Without a duration.
  public init(bounds: [Double] = []) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// Durations of connections: from 1 ms to a day.
  static let connectionBounds: [Double] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400,
  ]
  /// Durations of a loop's turns: from 10 us to 5 s.
  static let turnBounds: [Double] = [
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1, 5,
  ]

  /// Adds the durations of another histogram with the same bounds.
  mutating func add(_ other: DurationHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    sum += other.sum
  }
}

/// Counts durations. Relaxed atomics: each count is exact, but they are not all of the same instant.
final class DurationRecorder: @unchecked Sendable {
  // Invariant behind @unchecked: constants, and a pointer to atomics that lives as long as this.
  private let bounds: [Double]
  private let nanoseconds: [UInt64]
  private let counts: UnsafeMutablePointer<Atomic<Int>>
  private let sum = Atomic<Int>(0)

  init(bounds: [Double]) {
    self.bounds = bounds
    nanoseconds = bounds.map { UInt64(($0 * 1e9).rounded()) }
    counts = .allocate(capacity: bounds.count + 1)
    for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
  }

  deinit { counts.deallocate() }

  /// Any thread.
  func record(from start: MonotonicTime, to end: MonotonicTime) {
    let duration = end > start ? end.nanoseconds - start.nanoseconds : 0
    let index = nanoseconds.firstIndex { duration <= $0 } ?? nanoseconds.count
    counts[index].add(1)
    sum.add(Int(clamping: duration))
  }

  var value: DurationHistogram {
    var value = DurationHistogram(bounds: bounds)
    for index in 0...bounds.count { value.counts[index] = counts[index].value }
    value.sum = Double(sum.value) / 1e9
    return value
  }
}
