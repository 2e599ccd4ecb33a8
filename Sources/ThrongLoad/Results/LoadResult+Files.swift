// Results as files: JSON with everything, CSV with a row for each run. Any thread.

import FoundationEssentials
import LinuxSystem

extension LoadResult {
  /// The whole result as JSON, one line with a final newline. docs/bench-json.md describes the
  /// format.
  /// - Throws: `EncodingError` for a number that JSON cannot represent.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Reads the output of ``json()``.
  /// - Throws: `DecodingError` for other text.
  public init(json: String) throws {
    self = try JSONDecoder().decode(LoadResult.self, from: Data(json.utf8))
  }

  /// A header and a row for each run. Latencies are in microseconds; metrics that were not measured
  /// are empty.
  public var csv: String {
    var text = Self.columns.map(\.name).joined(separator: ",") + "\n"
    for (index, run) in runs.enumerated() {
      text += Self.columns.map { $0.value(index + 1, run) }.joined(separator: ",") + "\n"
    }
    return text
  }

  private struct Column {
    let name: String
    let value: (Int, RunResult) -> String

    init(_ name: String, _ value: @escaping (RunResult) -> Double?) {
      self.name = name
      self.value = { _, run in value(run).map { "\($0)" } ?? "" }
    }

    init(time name: String, _ value: @escaping (LatencySummary) -> UInt64) {
      self.init(name + "_us") { $0.latency.map { Double(value($0)) / 1000 } }
    }

    init(count name: String, _ value: @escaping (Int, RunResult) -> Int?) {
      self.name = name
      self.value = { value($0, $1).map(String.init) ?? "" }
    }
  }

  private static var columns: [Column] {
    [
      Column(count: "trial") { number, _ in number },
      Column("asked_rate") { $0.rate },
      Column("seconds") { $0.seconds },
      Column(count: "connections") { $1.connections.opened },
      Column(count: "slow_connections") { $1.slow?.opened },
      Column(count: "slow_bytes") { $1.slow?.receivedBytes },
      Column(count: "idle_connections") { $1.idle?.opened },
      Column(count: "idle_dropped") { $1.idle?.dropped },
      Column(count: "messages") { $1.messages },
      Column("messages_per_s") { $0.messagesPerSecond },
      Column(count: "deliveries") { $1.fanOut?.deliveries },
      Column("deliveries_per_s") { $0.fanOut?.deliveriesPerSecond },
      Column(time: "min", \.min),
      Column("mean_us") { $0.latency.map { $0.mean / 1000 } },
      Column(time: "p50", \.p50), Column(time: "p90", \.p90), Column(time: "p99", \.p99),
      Column(time: "p999", \.p999), Column(time: "p9999", \.p9999), Column(time: "max", \.max),
      Column("uncorrected_p99_us") { $0.uncorrected.map { Double($0.p99) / 1000 } },
      Column(count: "late") { $1.late },
      Column(count: "unsent") { $1.unsent },
      Column("fairness") { $0.connections.fairness },
      Column("generator_cpu_us_per_msg") { $0.generator.cpuMicrosecondsPerMessage },
      Column("server_cpu_us_per_msg") { $0.server?.cpuMicrosecondsPerMessage },
      Column("server_cpu_us_per_delivery") { $0.fanOut?.serverCpuMicrosecondsPerDelivery },
      Column(count: "server_peak_rss_bytes") { $1.server?.peakResidentBytes },
      Column(count: "errors") { $1.faults.reduce(0) { $0 + $1.count } },
    ]
  }
}
