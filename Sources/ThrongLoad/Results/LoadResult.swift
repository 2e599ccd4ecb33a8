// What a run has measured: everything that is printed, and what `--json` writes. The names here are the
// names there; docs/bench-json.md describes them. Changing their meaning needs a new `version`.

/// The outcome of a load run.
public struct LoadResult: Sendable, Codable {
  public var version = 1
  public var configuration: LoadOptions
  /// One for each repeat; in the search for the maximum, one for each measurement of the search.
  public var runs: [RunResult]
  /// Over the trials, by name: `messagesPerSecond`, `p50`, `p99`, ... ; empty in a search.
  public var summary: [String: Estimate] = [:]
  /// The answer of a search.
  public var maximum: MaximumRate?
  /// The conditions of `--fail-if` that hold.
  public var failedConditions: [String] = []
  /// Somebody has stopped the run: the figures are of what was measured until then.
  public var wasInterrupted = false

  /// The names in the file. A run was called a trial when the format was made.
  private enum CodingKeys: String, CodingKey {
    case version, configuration, runs = "trials", summary, maximum, failedConditions, wasInterrupted
  }

  /// 0: all is well, 1: the server or a connection was at fault, 2: a condition holds,
  /// 130: interrupted.
  public var exitStatus: Int32 {
    if runs.contains(where: { !$0.faults.isEmpty }) { return 1 }
    if wasInterrupted { return 130 }
    if maximum?.rate == 0 { return 1 }
    return failedConditions.isEmpty ? 0 : 2
  }
}

/// One measurement.
public struct RunResult: Sendable, Codable {
  /// The rate that was asked for, in messages a second; nil in the closed loop.
  public var rate: Double?
  /// How long was measured, in seconds.
  public var seconds: Double
  /// Replies that were completed in that time; messages of a fan-out that the last receiver got.
  public var messages: Int
  public var messagesPerSecond: Double
  public var sentBytes: Int
  public var receivedBytes: Int
  public var connections: ConnectionResult
  public var slow: SlowReaderResult?
  public var idle: IdleResult?
  public var fanOut: FanOutResult?
  /// From the intended send time in the open loop, from the connect in the churn, else from the send;
  /// of a fan-out, of each delivery.
  public var latency: LatencySummary?
  /// From the moment at which a message was sent: open loop only.
  public var uncorrected: LatencySummary?
  /// How much later than intended messages were sent whose connection was free, which is the
  /// generator's own delay: open loop only.
  public var sendDelay: LatencySummary?
  /// Messages sent more than 1 ms late, mostly because their connection still waited for replies, and
  /// those due that were never sent: open loop only.
  public var late: Int?
  public var unsent: Int?
  public var intervals: [IntervalResult]
  public var generator: GeneratorCost
  public var server: ServerCost?
  public var faults: [FaultSummary]
  public var warnings: [String]
}

public struct ConnectionResult: Sendable, Codable {
  public var wanted: Int
  /// Connections that were made, over the whole trial.
  public var opened: Int
  /// Still open when the measuring ended.
  public var openAtEnd: Int
  /// Never had a reply (in the idle mode: never connected; in the open loop: though one was due, or
  /// never connected).
  public var unserved: Int
  /// From the first connect to the last connection, in seconds; nil in the churn.
  public var openingSeconds: Double?
  public var connectTime: LatencySummary?
  /// Jain's index over the replies of each connection: 1 is fair.
  public var fairness: Double?
}

/// The clients that read slowly.
public struct SlowReaderResult: Sendable, Codable, Equatable {
  public var wanted: Int
  public var opened: Int
  /// Still open when the measuring ended.
  public var openAtEnd: Int
  /// What they have taken while it was measured.
  public var receivedBytes: Int
}

/// The connections that were only held beside the others.
public struct IdleResult: Sendable, Codable, Equatable {
  public var wanted: Int
  public var opened: Int
  /// Lost until the measuring ended.
  public var dropped: Int
}

/// One second of a trial.
public struct IntervalResult: Sendable, Codable {
  /// When it ended, in seconds from the beginning of the measuring.
  public var seconds: Double
  public var messages: Int
  /// In nanoseconds; nil when nothing came.
  public var p50: UInt64?
  public var p99: UInt64?
  public var max: UInt64?
  /// Connections that were made so far.
  public var opened: Int
  /// Of a fan-out, while `messages` are those that the last receiver got.
  public var deliveries: Int?
}

public struct GeneratorCost: Sendable, Codable {
  public var threads: Int
  /// CPU seconds of the generator's threads, and its share of one core for each thread.
  public var cpuSeconds: Double
  public var utilization: Double
  public var cpuMicrosecondsPerMessage: Double?
  /// How much later than asked its loops called back, in nanoseconds.
  public var loopLag: LatencySummary?
}

/// What the server's process has used in the measured time.
public struct ServerCost: Sendable, Codable, Equatable {
  public var pid: Int
  public var userSeconds: Double
  public var systemSeconds: Double
  public var cpuMicrosecondsPerMessage: Double?
  /// Resident memory before the first connection, the most that was seen, and what a connection cost
  /// when all were open.
  public var startResidentBytes: Int
  public var peakResidentBytes: Int
  public var residentBytesPerConnection: Double?
  public var threads: Int
  public var voluntarySwitchesPerMessage: Double?
  public var involuntarySwitchesPerMessage: Double?
}

/// The highest rate at which the bound holds.
public struct MaximumRate: Sendable, Codable, Equatable {
  /// Messages a second; 0 when the bound holds at no rate that was tried.
  public var rate: Double
  public var bound: LatencyBound
  /// The percentile at that rate, in nanoseconds (the median of the repeats).
  public var latency: UInt64?
  /// The lowest rate that was tried and failed; nil when none has. A trial that was cut short because
  /// somebody stopped the run does not count.
  public var failedAt: Double?
}
