// One measurement of a cell. Latencies are in nanoseconds, CPU times in microseconds per message,
// memory in bytes, as in `throng bench --json`. Values; any thread.

import ThrongLoad

/// One measurement of a cell.
public struct Sample: Sendable, Codable, Equatable {
  /// Round, from 1. Contenders are compared within rounds.
  public var round: Int
  /// Measured time in seconds.
  public var seconds: Double
  /// Completed messages; connections in a churn, deliveries in a fan-out.
  public var messages: Int
  /// Messages that were verified byte by byte.
  public var verifiedMessages: Int
  /// Completed messages per second.
  public var messagesPerSecond: Double
  /// Median latency.
  public var p50: UInt64?
  /// 99th percentile of the latency.
  public var p99: UInt64?
  /// 99.9th percentile of the latency.
  public var p999: UInt64?
  /// Highest latency.
  public var max: UInt64?
  /// CPU time of the server in user mode.
  public var userMicrosecondsPerMessage: Double?
  /// CPU time of the server in the kernel.
  public var systemMicrosecondsPerMessage: Double?
  /// Highest resident memory of the server.
  public var peakResidentBytes: Int?
  /// Growth of the resident memory for each open connection.
  public var residentBytesPerConnection: Double?
  /// Threads of the server.
  public var threads: Int?
  /// Voluntary context switches of the server for each message.
  public var voluntarySwitchesPerMessage: Double?
  /// Involuntary context switches of the server for each message.
  public var involuntarySwitchesPerMessage: Double?
  /// Jain's fairness index over the replies of each connection: 1 when all got the same number.
  public var fairness: Double?
  /// What the first TLS handshake has negotiated; nil without TLS.
  public var security: NegotiatedSecurity?
  /// Share of one core used by the generator's busiest thread, 0 to 1.
  public var generatorUtilization: Double
  /// Whether the generator was, or may have been, the bottleneck.
  public var isSaturated: Bool

  /// Utilization of a generator thread above which it may be the bottleneck, as in `throng bench`.
  public static let saturation = 0.9

  /// Creates a sample without latencies and costs.
  public init(round: Int, seconds: Double, messages: Int, messagesPerSecond: Double) {
    self.round = round
    self.seconds = seconds
    self.messages = messages
    self.messagesPerSecond = messagesPerSecond
    verifiedMessages = 0
    generatorUtilization = 0
    isSaturated = false
  }

  /// CPU time of the server for each message.
  public var cpuMicrosecondsPerMessage: Double? {
    guard let user = userMicrosecondsPerMessage, let system = systemMicrosecondsPerMessage else {
      return nil
    }
    return user + system
  }
}
