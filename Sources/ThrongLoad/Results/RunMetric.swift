// The metrics of a run: for each its names in conditions, in the summary and in the CSV, where it is
// measured, and how it is read. Constants; any thread.

/// A metric of a run.
struct RunMetric: Sendable {
  enum Kind: Sendable {
    /// Nanoseconds; microseconds in the CSV.
    case time
    /// A number whose median over the runs counts.
    case number
    /// A whole number that is summed over the runs.
    case count
  }

  /// Where a metric is measured.
  enum Scope: Sendable { case always, messages, openLoop, fanOut, server, serverOfFanOut }

  let kind: Kind
  let scope: Scope
  /// Name in a condition.
  let name: String?
  /// Key in the summary.
  let key: String?
  /// Column of the CSV.
  let column: String?
  /// The value; nil when it was not measured.
  let value: @Sendable (RunResult) -> Double?

  private init(
    _ kind: Kind, _ scope: Scope, name: String? = nil, key: String? = nil, column: String? = nil,
    value: @escaping @Sendable (RunResult) -> Double?
  ) {
    self.kind = kind
    self.scope = scope
    self.name = name
    self.key = key
    self.column = column
    self.value = value
  }

  /// A percentile, the mean, or an end of the latency distribution.
  private static func latency(
    _ name: String, _ key: String, _ value: @escaping @Sendable (LatencySummary) -> Double
  ) -> RunMetric {
    RunMetric(.time, .messages, name: name, key: key, column: key + "_us") {
      $0.latency.map(value)
    }
  }

  private static func count(
    _ column: String, _ value: @escaping @Sendable (RunResult) -> Int?
  ) -> RunMetric {
    RunMetric(.count, .always, column: column) { value($0).map(Double.init) }
  }

  /// All metrics, in the order of the columns.
  static let all: [RunMetric] = [
    RunMetric(.number, .always, column: "asked_rate") { $0.rate },
    RunMetric(.number, .always, column: "seconds") { $0.seconds },
    count("connections") { $0.connections.opened },
    count("slow_connections") { $0.slow?.opened },
    count("slow_bytes") { $0.slow?.receivedBytes },
    count("idle_connections") { $0.idle?.opened },
    count("idle_dropped") { $0.idle?.dropped },
    count("messages") { $0.messages },
    RunMetric(
      .number, .messages, name: "rate", key: "messagesPerSecond", column: "messages_per_s"
    ) { $0.messagesPerSecond },
    count("deliveries") { $0.fanOut?.deliveries },
    RunMetric(
      .number, .fanOut, name: "deliveries", key: "deliveriesPerSecond", column: "deliveries_per_s"
    ) { $0.fanOut?.deliveriesPerSecond },
    latency("min", "min") { Double($0.min) }, latency("mean", "mean") { $0.mean },
    latency("p50", "p50") { Double($0.p50) }, latency("p90", "p90") { Double($0.p90) },
    latency("p99", "p99") { Double($0.p99) }, latency("p99.9", "p999") { Double($0.p999) },
    latency("p99.99", "p9999") { Double($0.p9999) }, latency("max", "max") { Double($0.max) },
    RunMetric(.time, .openLoop, column: "uncorrected_p99_us") {
      $0.uncorrected.map { Double($0.p99) }
    },
    RunMetric(.count, .openLoop, name: "late", column: "late") { $0.late.map(Double.init) },
    RunMetric(.count, .openLoop, name: "unsent", column: "unsent") { $0.unsent.map(Double.init) },
    RunMetric(.number, .messages, name: "fairness", column: "fairness") { $0.connections.fairness },
    RunMetric(
      .number, .messages, key: "generatorCpuMicrosecondsPerMessage",
      column: "generator_cpu_us_per_msg"
    ) { $0.generator.cpuMicrosecondsPerMessage },
    RunMetric(
      .number, .server, key: "serverCpuMicrosecondsPerMessage", column: "server_cpu_us_per_msg"
    ) { $0.server?.cpuMicrosecondsPerMessage },
    RunMetric(.number, .fanOut, key: "generatorCpuMicrosecondsPerDelivery") {
      $0.fanOut?.generatorCpuMicrosecondsPerDelivery
    },
    RunMetric(
      .number, .serverOfFanOut, key: "serverCpuMicrosecondsPerDelivery",
      column: "server_cpu_us_per_delivery"
    ) { $0.fanOut?.serverCpuMicrosecondsPerDelivery },
    RunMetric(.time, .server, name: "server-cpu") {
      $0.server?.cpuMicrosecondsPerMessage.map { $0 * 1000 }
    },
    RunMetric(.time, .serverOfFanOut, name: "delivery-cpu") {
      $0.fanOut?.serverCpuMicrosecondsPerDelivery.map { $0 * 1000 }
    },
    count("server_peak_rss_bytes") { $0.server?.peakResidentBytes },
    RunMetric(.count, .always, name: "errors", column: "errors") {
      $0.faults.reduce(0) { $0 + Double($1.count) }
    },
  ]

  /// The value as the CSV has it; empty when it was not measured.
  func cell(_ run: RunResult) -> String {
    guard let value = value(run) else { return "" }
    switch kind {
    case .time: return "\(value / 1000)"
    case .number: return "\(value)"
    case .count: return "\(Int(value))"
    }
  }

  /// Whether a benchmark with these options measures it.
  func isMeasured(by options: LoadOptions) -> Bool {
    let parts = options.workload.parts
    let isServerKnown = if case .running(_, nil) = options.server { false } else { true }
    return switch scope {
    case .always: true
    case .messages: !parts.isIdle
    case .openLoop: parts.rate != nil || parts.bound != nil
    case .fanOut: parts.fanOut != nil
    case .server: isServerKnown && !parts.isIdle
    case .serverOfFanOut: isServerKnown && parts.fanOut != nil
    }
  }
}
