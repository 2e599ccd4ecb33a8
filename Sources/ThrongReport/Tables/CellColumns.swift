// The figures of a cell that its table shows, each the median over the rounds.

/// A column of the table of all cells.
struct CellColumn: Sendable {
  /// In CSV; the unit is in the name.
  let name: String
  /// In the report.
  let title: String
  let value: @Sendable (Cell) -> Double?
  let text: @Sendable (Double) -> String
  /// The factor from the value to what CSV has: nanoseconds to microseconds.
  var csvScale = 1.0

  init(
    _ name: String, _ title: String, csvScale: Double = 1,
    text: @escaping @Sendable (Double) -> String,
    _ value: @escaping @Sendable (Sample) -> Double?
  ) {
    self.name = name
    self.title = title
    self.text = text
    self.csvScale = csvScale
    self.value = { $0.median(value) }
  }

  func text(_ value: Double, _ cell: Cell, _ workload: Workload) -> String {
    name == Self.memory
      ? Metric.memory.text(value, open: workload.openConnections(cell.connections)) : text(value)
  }

  private static let memory = "bytes_per_connection"

  static let all: [CellColumn] = [
    CellColumn("messages_per_s", "throughput", text: { Quantity.rate($0) }) {
      $0.messagesPerSecond
    },
    latency("p50_us", "p50") { $0.p50 },
    latency("p99_us", "p99") { $0.p99 },
    latency("p999_us", "p99.9") { $0.p999 },
    latency("max_us", "max") { $0.max },
    microseconds("cpu_us_per_msg", "CPU") { $0.cpuMicrosecondsPerMessage },
    microseconds("user_us_per_msg", "user") { $0.userMicrosecondsPerMessage },
    microseconds("system_us_per_msg", "system") { $0.systemMicrosecondsPerMessage },
    CellColumn("peak_rss_bytes", "peak RSS", text: { Quantity.bytes($0) }) {
      $0.peakResidentBytes.map { Double($0) }
    },
    CellColumn(memory, "memory per connection", text: { Quantity.bytes($0) }) {
      $0.residentBytesPerConnection
    },
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
  /// All calls together; nil when they were not counted.
  var allSystemCallsPerMessage: Double? {
    systemCallsPerMessage.map { $0.values.reduce(0, +) }
  }

  /// `recvfrom 1.00, sendto 1.00, epoll_wait 0.02`: the most frequent first.
  var systemCallsText: String {
    (systemCallsPerMessage ?? [:]).filter { $0.value >= 0.001 }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \(Quantity.fraction($0.value))" }.joined(separator: ", ")
  }
}
