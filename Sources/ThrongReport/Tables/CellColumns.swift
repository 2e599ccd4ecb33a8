// Columns of the table of all cells: medians over the rounds. Any thread.

import ThrongLoad

/// A column of the table of all cells: a metric of the comparison, or a further value of a sample.
struct CellColumn: Sendable {
  /// Column name in results.csv, with its unit.
  let name: String
  /// Column head in the report.
  let title: String
  /// The metric, whose value can be below its resolution or a lower bound.
  var metric: Metric?
  /// Factor from the value to the unit of results.csv.
  var csvScale = 1.0
  /// Median over the rounds.
  let value: @Sendable (Cell) -> Double?
  let format: @Sendable (Double) -> String

  /// Column head on a terminal.
  func head(_ workload: Workload) -> String { title.replacing("msg", with: workload.shortUnit) }

  /// The value with its unit; nil when it was not measured.
  func text(_ cell: Cell, _ workload: Workload) -> String? {
    value(cell).map { metric?.text($0, workload, cell.connections) ?? format($0) }
  }

  static let all: [CellColumn] = [
    metric("messages_per_s", .throughput),
    time("p50_us", "p50", scale: 1) { $0.p50.map { Double($0) } },
    metric("p99_us", .p99),
    time("p999_us", "p99.9", scale: 1) { $0.p999.map { Double($0) } },
    time("max_us", "max", scale: 1) { $0.max.map { Double($0) } },
    metric("cpu_us_per_msg", .cpu),
    time("user_us_per_msg", "user", scale: 1000) { $0.userMicrosecondsPerMessage },
    time("system_us_per_msg", "system", scale: 1000) { $0.systemMicrosecondsPerMessage },
    sample("msgs_per_cpu_s", "msgs/CPU s", Quantity.grouped) { sample in
      sample.cpuMicrosecondsPerMessage.flatMap { $0 > 0 ? 1e6 / $0 : nil }
    },
    sample("peak_rss_bytes", "peak RSS", Quantity.bytes) {
      $0.peakResidentBytes.map { Double($0) }
    },
    metric("bytes_per_connection", .memory),
    sample("threads", "threads", Quantity.grouped) { $0.threads.map { Double($0) } },
    sample("voluntary_switches_per_msg", "switches, voluntary", Quantity.fraction) {
      $0.voluntarySwitchesPerMessage
    },
    sample("involuntary_switches_per_msg", "switches, involuntary", Quantity.fraction) {
      $0.involuntarySwitchesPerMessage
    },
    sample("fairness", "fairness", Quantity.fraction) { $0.fairness },
    sample("generator_utilization", "generator busy", Quantity.percent) {
      $0.generatorUtilization
    },
    metric("equal_load_p99_us", .equalLoadP99),
    metric("equal_load_cpu_us_per_msg", .equalLoadCPU),
  ]

  private static func metric(_ name: String, _ metric: Metric) -> CellColumn {
    CellColumn(
      name: name, title: metric.title, metric: metric, csvScale: metric.csvScale,
      value: { $0.estimate(metric)?.median }, format: { "\($0)" })
  }

  private static func sample(
    _ name: String, _ title: String, _ format: @escaping @Sendable (Double) -> String,
    _ value: @escaping @Sendable (Sample) -> Double?
  ) -> CellColumn {
    CellColumn(name: name, title: title, value: { $0.median(value) }, format: format)
  }

  /// - Parameter scale: nanoseconds in the unit of the value; results.csv has microseconds.
  private static func time(
    _ name: String, _ title: String, scale: Double,
    _ value: @escaping @Sendable (Sample) -> Double?
  ) -> CellColumn {
    CellColumn(
      name: name, title: title, csvScale: scale / 1000, value: { $0.median(value) },
      format: { Quantity.time(nanoseconds: $0 * scale) })
  }
}

extension Cell {
  /// Sum of all system calls per message; nil when they were not counted.
  var allSystemCallsPerMessage: Double? {
    systemCallsPerMessage.map { $0.values.reduce(0, +) }
  }

  /// `recvfrom 1.00, sendto 1.00, epoll_wait 0.02`, in descending order.
  var systemCallsText: String {
    (systemCallsPerMessage ?? [:]).filter { $0.value >= 0.001 }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \(Quantity.fraction($0.value))" }.joined(separator: ", ")
  }
}
