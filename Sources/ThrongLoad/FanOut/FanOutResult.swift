// Results of a fan-out beside those of every run. Values; any thread.

/// Deliveries of a fan-out: one message received by one receiver is one delivery.
public struct FanOutResult: Sendable, Codable, Equatable {
  /// Number of receivers.
  public var receivers: Int
  /// Deliveries within the measured time.
  public var deliveries: Int
  /// Deliveries per second of the measured time.
  public var deliveriesPerSecond: Double
  /// Lines without the marker that the receivers received, over the whole run.
  public var otherLines: Int
  /// Lowest of the receivers' mean latencies, in nanoseconds.
  public var lowestMean: Double?
  /// Highest of the receivers' mean latencies, in nanoseconds.
  public var highestMean: Double?
  /// CPU time of the generator for each delivery, in microseconds.
  public var generatorCpuMicrosecondsPerDelivery: Double?
  /// CPU time of the server process for each delivery, in microseconds.
  public var serverCpuMicrosecondsPerDelivery: Double?
  /// Voluntary context switches of the server for each delivery.
  public var voluntarySwitchesPerDelivery: Double?
  /// Involuntary context switches of the server for each delivery.
  public var involuntarySwitchesPerDelivery: Double?
}

extension RunReport {
  var fanOut: FanOutResult? {
    guard plan.load.fanOut != nil else { return nil }
    let means = receiverMeans
    func each(_ amount: Double?) -> Double? {
      amount.flatMap { total.deliveries > 0 ? $0 / Double(total.deliveries) : nil }
    }
    return FanOutResult(
      receivers: plan.quickConnections, deliveries: total.deliveries,
      deliveriesPerSecond: seconds > 0 ? Double(total.deliveries) / seconds : 0,
      otherLines: total.otherLines, lowestMean: means.min(), highestMean: means.max(),
      generatorCpuMicrosecondsPerDelivery: each(cpuSeconds * 1e6),
      serverCpuMicrosecondsPerDelivery: each(
        usage.map { ($0.end.cpuSeconds - $0.start.cpuSeconds) * 1e6 }),
      voluntarySwitchesPerDelivery: each(switches(\.voluntary)),
      involuntarySwitchesPerDelivery: each(switches(\.involuntary)))
  }

  private var receiverMeans: [Double] {
    statuses.flatMap { status in
      zip(status.latencySums, status.replies).compactMap { sum, count in
        count > 0 ? Double(sum) / Double(count) : nil
      }
    }
  }
}
