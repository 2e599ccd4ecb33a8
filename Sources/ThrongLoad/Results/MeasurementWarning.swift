// Possible errors of a measurement. Values; any thread.

import LinuxSystem

/// Why the figures of a run may mislead.
public enum MeasurementWarning: Sendable, Codable, Equatable {
  /// The busiest load thread used this share of a core, so the generator may be the bottleneck: the
  /// throughput is a lower bound. The server's CPU time per message is not affected.
  case generatorBusy(utilization: Double)
  /// Timers of the load threads are this late at the 99th percentile, in nanoseconds, which adds to the
  /// latencies.
  case timersLate(p99: UInt64)
  /// Load generator and server may run on the same processors, so each slows the other.
  case sharedProcessors(list: String)
  /// Messages that were due and not sent: the server is slower than the requested rate.
  case unsent(messages: Int)
}

extension MeasurementWarning: CustomStringConvertible {
  /// The warning in one sentence.
  public var description: String {
    switch self {
    case .generatorBusy(let utilization):
      "the load generator may be the bottleneck: \(Int((utilization * 100).rounded())) % of a core used"
    case .timersLate(let p99):
      "timers of the load generator are \(DurationText.format(nanoseconds: Double(p99))) late at p99, "
        + "which adds to the latencies"
    case .sharedProcessors(let list):
      "load generator and server share processors \(list), so each slows the other"
    case .unsent(let messages):
      "\(messages) messages were due and not sent: the server is slower than the requested rate"
    }
  }
}
