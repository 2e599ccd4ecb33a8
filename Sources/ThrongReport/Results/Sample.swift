// What one measurement of a cell gave. Latencies are in nanoseconds, CPU times in microseconds a message,
// memory in bytes, as in `throng bench --json`.

import ThrongLoad

public struct Sample: Sendable, Codable, Equatable {
  /// The round in which it was taken, from 1. Contenders are compared within rounds.
  public var round: Int
  /// How long was measured.
  public var seconds: Double
  public var messages: Int
  /// How many of them were compared byte for byte.
  public var verifiedMessages: Int
  public var messagesPerSecond: Double
  public var p50: UInt64?
  public var p99: UInt64?
  public var p999: UInt64?
  public var max: UInt64?
  /// What the server's process spent.
  public var userMicrosecondsPerMessage: Double?
  public var systemMicrosecondsPerMessage: Double?
  public var peakResidentBytes: Int?
  public var residentBytesPerConnection: Double?
  public var threads: Int?
  public var voluntarySwitchesPerMessage: Double?
  public var involuntarySwitchesPerMessage: Double?
  /// Jain's index over the replies of each connection: 1 is fair.
  public var fairness: Double?
  /// The share of a core that the generator's busiest thread used.
  public var generatorUtilization: Double
  /// The generator was the bottleneck, or may have been.
  public var isSaturated: Bool

  public init(round: Int, seconds: Double, messages: Int, messagesPerSecond: Double) {
    self.round = round
    self.seconds = seconds
    self.messages = messages
    self.messagesPerSecond = messagesPerSecond
    verifiedMessages = 0
    generatorUtilization = 0
    isSaturated = false
  }

  /// User and system time of the server for a message.
  public var cpuMicrosecondsPerMessage: Double? {
    guard let user = userMicrosecondsPerMessage, let system = systemMicrosecondsPerMessage else {
      return nil
    }
    return user + system
  }
}

extension Sample {
  /// Above this share of its core the generator may be what is measured, as in `throng bench`.
  public static let saturation = 0.9

  /// What a trial of the load generator gave.
  /// - Parameter verifies: whether the generator compared what came back.
  public init(round: Int, run: RunResult, verifies: Bool) {
    // Of a fan-out every delivery counts, and is compared.
    let count = run.fanOut?.deliveries ?? run.messages
    self.init(
      round: round, seconds: run.seconds, messages: count,
      messagesPerSecond: run.fanOut?.deliveriesPerSecond ?? run.messagesPerSecond)
    verifiedMessages = verifies ? count : 0
    (p50, p99, p999, max) = (
      run.latency?.p50, run.latency?.p99, run.latency?.p999, run.latency?.max
    )
    fairness = run.connections.fairness
    generatorUtilization = run.generator.utilization
    isSaturated = generatorUtilization > Self.saturation
    guard let server = run.server else { return }
    if count > 0 {
      userMicrosecondsPerMessage = server.userSeconds * 1e6 / Double(count)
      systemMicrosecondsPerMessage = server.systemSeconds * 1e6 / Double(count)
    }
    peakResidentBytes = server.peakResidentBytes
    residentBytesPerConnection = server.residentBytesPerConnection
    threads = server.threads
    let fanOut = run.fanOut
    voluntarySwitchesPerMessage =
      fanOut == nil ? server.voluntarySwitchesPerMessage : fanOut?.voluntarySwitchesPerDelivery
    involuntarySwitchesPerMessage =
      fanOut == nil ? server.involuntarySwitchesPerMessage : fanOut?.involuntarySwitchesPerDelivery
  }
}
