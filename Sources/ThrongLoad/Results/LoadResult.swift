// Results of a benchmark: everything that is printed and written as JSON. Values; any thread.
// The property names are the names in the file (docs/bench-json.md); a change of their meaning
// needs a new `version`.

import Throng

/// The result of a benchmark.
public struct LoadResult: Sendable, Codable {
  /// Version of the file format.
  public var version = 2
  /// The options in force.
  public var configuration: LoadOptions
  /// One for each repetition; in a search for the maximum rate, one for each tried rate and
  /// repetition.
  public var runs: [RunResult]
  /// Medians over the runs with their intervals, by metric: `messagesPerSecond`, `p50`, `p99`, ...;
  /// empty in a search.
  public var summary: [String: Estimate] = [:]
  /// Result of a search.
  public var maximum: MaximumRate?
  /// The conditions that hold.
  public var failedConditions: [String] = []
  /// Whether the benchmark was interrupted. The results then cover the time before.
  public var wasInterrupted = false

  /// Names in the file. The format calls a run a trial.
  private enum CodingKeys: String, CodingKey {
    case version, configuration, runs = "trials", summary, maximum, failedConditions, wasInterrupted
  }

  /// Exit status of the command. 0: no fault. 1: fault of the server or of a connection, or no
  /// rate within the bound. 2: a condition holds. 130: interrupted.
  public var exitStatus: Int32 {
    if runs.contains(where: { !$0.faults.isEmpty }) { return 1 }
    if wasInterrupted { return 130 }
    if maximum?.rate == 0 { return 1 }
    return failedConditions.isEmpty ? 0 : 2
  }

  /// Fault sentences in the order of their kinds, without duplicates.
  public var faultSentences: [String] { distinctFaults.map { $0.sentence() } }

  /// The faults of all runs; of equal first sentences one.
  public var distinctFaults: [FaultSummary] {
    var seen: Set<String> = []
    return runs.flatMap(\.faults).filter { seen.insert($0.first).inserted }
  }
}

/// One measurement.
public struct RunResult: Sendable, Codable {
  /// Requested messages per second; nil in the closed loop.
  public var rate: Double?
  /// Measured time in seconds.
  public var seconds: Double
  /// Messages completed within the measured time: answered, or in a fan-out received by every
  /// receiver.
  public var messages: Int
  /// Completed messages per second.
  public var messagesPerSecond: Double
  /// Bytes sent within the measured time.
  public var sentBytes: Int
  /// Bytes received within the measured time.
  public var receivedBytes: Int
  /// Connections of the run.
  public var connections: ConnectionResult
  /// Slow readers, if there are any.
  public var slow: SlowReaderResult?
  /// Idle connections, if there are any.
  public var idle: IdleResult?
  /// Deliveries of a fan-out.
  public var fanOut: FanOutResult?
  /// Latency in nanoseconds. Counted from the intended send time (open loop), from the connect
  /// (churn), otherwise from the send; in a fan-out, of each delivery.
  public var latency: LatencySummary?
  /// Open loop: latency from the actual send time.
  public var uncorrected: LatencySummary?
  /// Open loop: delay between intended and actual send time on free connections, which is the delay
  /// of the generator itself.
  public var sendDelay: LatencySummary?
  /// Open loop: messages sent more than 1 ms late, mostly because their connection waited for
  /// replies.
  public var late: Int?
  /// Open loop: messages that were due and not sent.
  public var unsent: Int?
  /// One entry for each second; the last may be shorter.
  public var intervals: [IntervalResult]
  /// Cost and delays of the load generator.
  public var generator: GeneratorCost
  /// Cost of the server process, if it is known.
  public var server: ServerCost?
  /// Faults, one entry for each kind.
  public var faults: [FaultSummary]
  /// Possible errors of the measurement.
  public var warnings: [MeasurementWarning]
}

/// Connections of a run.
public struct ConnectionResult: Sendable, Codable {
  /// Requested connections.
  public var wanted: Int
  /// Connections established over the whole run.
  public var opened: Int
  /// Connections open when the measured time ended.
  public var openAtEnd: Int
  /// Connections without any reply. Idle: not established. Open loop: without a reply although
  /// a message was due, or not established.
  public var unserved: Int
  /// Time from the first connect to the last established connection, in seconds; nil in a
  /// churn.
  public var openingSeconds: Double?
  /// Connections whose TLS session was resumed from an earlier one; nil without TLS. The others made a
  /// full handshake.
  public var resumed: Int?
  /// What the first TLS handshake has negotiated; nil without TLS.
  public var security: NegotiatedSecurity?
  /// Duration of connects, in nanoseconds; with TLS including the handshake.
  public var connectTime: LatencySummary?
  /// Jain's fairness index over the replies of each connection: 1 when all got the same number.
  public var fairness: Double?
}

/// What a TLS handshake has negotiated.
public struct NegotiatedSecurity: Sendable, Codable, Equatable, CustomStringConvertible {
  /// The version of the protocol: `TLS 1.3`.
  public var version: String
  /// The cipher suite's name in IANA's registry: `TLS_AES_128_GCM_SHA256`.
  public var cipherSuite: String

  /// Creates a value.
  public init(version: String, cipherSuite: String) {
    self.version = version
    self.cipherSuite = cipherSuite
  }

  init(_ info: SecurityInfo) {
    self.init(version: info.protocolVersion.description, cipherSuite: info.cipherSuite)
  }

  /// Both, for reports.
  public var description: String { "\(version), \(cipherSuite)" }
}

/// Slow readers.
public struct SlowReaderResult: Sendable, Codable, Equatable {
  /// Requested connections.
  public var wanted: Int
  /// Established connections.
  public var opened: Int
  /// Connections open when the measured time ended.
  public var openAtEnd: Int
  /// Bytes read within the measured time.
  public var receivedBytes: Int
}

/// Connections held without traffic.
public struct IdleResult: Sendable, Codable, Equatable {
  /// Requested connections.
  public var wanted: Int
  /// Established connections.
  public var opened: Int
  /// Connections lost before the measured time ended.
  public var dropped: Int
}

/// One second of a run, or the rest at its end.
public struct IntervalResult: Sendable, Codable {
  /// End of the interval, in seconds since the start of the measured time.
  public var seconds: Double
  /// Messages completed in this interval.
  public var messages: Int
  /// Messages per second of this interval.
  public var messagesPerSecond: Double
  /// Median latency in nanoseconds; nil without messages.
  public var p50: UInt64?
  /// 99th percentile of the latency.
  public var p99: UInt64?
  /// Highest latency.
  public var max: UInt64?
  /// Connections established so far.
  public var opened: Int
  /// Deliveries of a fan-out in this interval; `messages` are those that every receiver received.
  public var deliveries: Int?
}

/// Cost and delays of the load generator.
public struct GeneratorCost: Sendable, Codable {
  /// Number of load threads.
  public var threads: Int
  /// CPU time of all load threads, in seconds.
  public var cpuSeconds: Double
  /// Share of one core used by the busiest load thread, 0 to 1.
  public var utilization: Double
  /// CPU time of the generator for each message, in microseconds.
  public var cpuMicrosecondsPerMessage: Double?
  /// Delay of the load threads' timer callbacks, in nanoseconds.
  public var loopLag: LatencySummary?
}

/// Cost of the server process within the measured time.
public struct ServerCost: Sendable, Codable, Equatable {
  /// Process id.
  public var pid: Int
  /// CPU time in user mode, in seconds.
  public var userSeconds: Double
  /// CPU time in the kernel, in seconds.
  public var systemSeconds: Double
  /// CPU time for each message, in microseconds.
  public var cpuMicrosecondsPerMessage: Double?
  /// Resident memory before the first connection, in bytes.
  public var startResidentBytes: Int
  /// Highest resident memory seen, in bytes; sampled once a second.
  public var peakResidentBytes: Int
  /// Growth of the resident memory for each open connection, in bytes, when the measured time ends.
  public var residentBytesPerConnection: Double?
  /// Threads of the process when the measured time ends.
  public var threads: Int
  /// Voluntary context switches for each message.
  public var voluntarySwitchesPerMessage: Double?
  /// Involuntary context switches for each message.
  public var involuntarySwitchesPerMessage: Double?
}

/// Result of a search: the highest rate within the bound.
public struct MaximumRate: Sendable, Codable, Equatable {
  /// Messages per second; 0 when no tried rate is within the bound.
  public var rate: Double
  /// The bound.
  public var bound: LatencyBound
  /// Latency percentile at that rate, in nanoseconds: the median of the repetitions.
  public var latency: UInt64?
  /// Lowest rate that exceeded the bound; nil if none did. A run that was interrupted does not
  /// count.
  public var failedAt: Double?
}
