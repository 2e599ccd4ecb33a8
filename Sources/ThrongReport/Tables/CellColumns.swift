// Columns of the table of all cells: medians over the rounds. Any thread.

import LinuxSystem

/// A column of the table of all cells: a metric of the comparison, or a further value of a sample.
struct CellColumn: Sendable {
  /// Column name in results.csv, with its unit.
  let name: String
  /// Column head in the report.
  let title: String
  /// The metric, whose value can be below its resolution or a lower bound.
  let metric: Metric?
  /// Median over the rounds.
  let value: @Sendable (Cell) -> Double?
  /// Factor from the value to the unit of results.csv.
  let csvScale: Double
  private let text: @Sendable (Double) -> String

  init(
    _ name: String, _ title: String, csvScale: Double = 1,
    text: @escaping @Sendable (Double) -> String,
    _ value: @escaping @Sendable (Sample) -> Double?
  ) {
    self.name = name
    self.title = title
    self.text = text
    self.csvScale = csvScale
    metric = nil
    self.value = { $0.median(value) }
  }

  init(_ name: String, _ title: String, _ metric: Metric) {
    self.name = name
    self.title = title
    self.metric = metric
    text = { metric.text($0) }
    csvScale = metric.csvScale
    value = { $0.median(metric.value) }
  }

  func text(_ value: Double, _ cell: Cell, _ workload: Workload) -> String {
    metric?.text(value, open: workload.openConnections(cell.connections)) ?? text(value)
  }

  static let all: [CellColumn] = [
    CellColumn("messages_per_s", "throughput", .throughput),
    latency("p50_us", "p50") { $0.p50 },
    CellColumn("p99_us", "p99", .p99),
    latency("p999_us", "p99.9") { $0.p999 },
    latency("max_us", "max") { $0.max },
    CellColumn("cpu_us_per_msg", "CPU", .cpu),
    microseconds("user_us_per_msg", "user") { $0.userMicrosecondsPerMessage },
    microseconds("system_us_per_msg", "system") { $0.systemMicrosecondsPerMessage },
    CellColumn("peak_rss_bytes", "peak RSS", text: { Quantity.bytes($0) }) {
      $0.peakResidentBytes.map { Double($0) }
    },
    CellColumn("bytes_per_connection", "memory per connection", .memory),
    CellColumn("threads", "threads", text: { Quantity.grouped($0) }) {
      $0.threads.map { Double($0) }
    },
    switches("voluntary_switches_per_msg", "switches, voluntary") {
      $0.voluntarySwitchesPerMessage
    },
    switches("involuntary_switches_per_msg", "switches, involuntary") {
      $0.involuntarySwitchesPerMessage
    },
    CellColumn("fairness", "fairness", text: { Quantity.fraction($0) }) { $0.fairness },
    CellColumn("generator_utilization", "generator busy", text: { Quantity.percent($0) }) {
      $0.generatorUtilization
    },
  ]

  private static func latency(
    _ name: String, _ title: String, _ value: @escaping @Sendable (Sample) -> UInt64?
  ) -> CellColumn {
    CellColumn(name, title, csvScale: 0.001, text: { Quantity.time(nanoseconds: $0) }) {
      value($0).map { Double($0) }
    }
  }

  private static func microseconds(
    _ name: String, _ title: String, _ value: @escaping @Sendable (Sample) -> Double?
  ) -> CellColumn {
    CellColumn(name, title, text: { Quantity.time(nanoseconds: $0 * 1000) }, value)
  }

  private static func switches(
    _ name: String, _ title: String, _ value: @escaping @Sendable (Sample) -> Double?
  ) -> CellColumn {
    CellColumn(name, title, text: { Quantity.fraction($0) }, value)
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
