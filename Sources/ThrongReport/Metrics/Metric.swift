// The metrics by which contenders are compared. Each is one descriptor; tables, charts, ratios and
// findings read its properties and have no case for a single metric. Immutable; any thread.

/// A metric of the comparison: how it is read from a sample, compared and formatted.
package struct Metric: Sendable, Equatable {
  /// Identifier in file names, HTML ids and the columns of results.csv.
  package let id: String
  /// Heading.
  let title: String
  /// Name within a sentence.
  let name: String
  /// Column head on a terminal.
  let column: @Sendable (Workload) -> String
  /// Description of the vertical axis.
  let axis: @Sendable (Workload) -> String
  var higherIsBetter = false
  /// Smallest relative difference that counts, 0.03 for 3 %. Smaller ones may be significant, but the
  /// placement of code alone makes programs differ by some per cent.
  var floor = 0.05
  /// Whether it is read from the samples at equal load.
  var isAtEqualLoad = false
  /// Whether the values of a cell with a saturated generator cannot be compared.
  var suffersFromSaturation = false
  /// Whether the value of a cell with a saturated generator is at least a lower bound.
  var isLowerBoundWhenSaturated = false
  /// Smallest measurable total over all open connections, for a value per connection; 0 for no limit.
  var totalResolution = 0.0
  /// Whether sentences state the values of all contenders instead of ratios alone.
  var isStatedAsValue = false
  /// Values so small that a multiple of them says nothing.
  var smallestDivisor = 0.0
  /// Whether an axis has powers of two as marks.
  var isBinary = false
  /// Whether the terminal's table shows the noise beside the value.
  var showsNoise = false
  /// Factor from the value to the unit of results.csv.
  var csvScale = 1.0
  let value: @Sendable (Sample) -> Double?
  let format: @Sendable (Double, Workload) -> String
  /// A short form for the marks of an axis.
  var axisText: (@Sendable (Double) -> String)?
  /// The same amount in another unit, for sentences.
  var alternative: (@Sendable (Double, Workload) -> String)?

  package static func == (left: Metric, right: Metric) -> Bool { left.id == right.id }

  /// Smallest measurable value of a cell.
  func resolution(_ workload: Workload, _ connections: Int) -> Double {
    totalResolution / Double(workload.openConnections(connections))
  }

  func isResolved(_ value: Double, _ workload: Workload, _ connections: Int) -> Bool {
    abs(value) >= resolution(workload, connections)
  }

  /// The value with its unit and about three digits; `under 26 B` below the resolution.
  func text(_ value: Double, _ workload: Workload, _ connections: Int) -> String {
    isResolved(value, workload, connections)
      ? format(value, workload)
      : "under \(format(resolution(workload, connections), workload))"
  }

  func mark(_ value: Double, _ workload: Workload) -> String {
    axisText?(value) ?? (value == 0 ? "0" : Quantity.plain(format(value, workload)))
  }
}

extension Metric {
  /// Messages, connections or deliveries per second.
  package static let throughput = Metric(
    id: "throughput", title: "Throughput", name: "throughput",
    column: { "\($0.shortUnit)s/s" }, axis: { "\($0.unit)s per second · higher is better" },
    higherIsBetter: true, floor: 0.03, suffersFromSaturation: true,
    isLowerBoundWhenSaturated: true, showsNoise: true, value: { $0.messagesPerSecond },
    format: { Quantity.rate($0, $1.shortUnit) }, axisText: Quantity.short)

  /// 99th percentile of the latency, in nanoseconds.
  package static let p99 = Metric(
    id: "p99", title: "p99 latency", name: "p99 latency", column: { _ in "p99" },
    axis: { _ in "99 % of the replies arrived within this time · lower is better" },
    suffersFromSaturation: true, csvScale: 0.001, value: { $0.p99.map { Double($0) } },
    format: { time, _ in Quantity.time(nanoseconds: time) })

  /// User and system CPU time of the server for each message, in microseconds.
  package static let cpu = Metric(
    id: "cpu", title: "Server CPU per message", name: "CPU per message",
    column: { "CPU/\($0.shortUnit)" },
    axis: { "user and system time per \($0.unit) · lower is better" }, floor: 0.03,
    showsNoise: true, value: { $0.cpuMicrosecondsPerMessage },
    format: { time, _ in Quantity.time(nanoseconds: time * 1000) },
    alternative: { "\(Quantity.capacity($0)) \($1.shortUnit)s per CPU second" })

  /// Growth of the server's resident memory for each connection, in bytes. Below 256 KiB in total it
  /// cannot be measured: the allocator keeps and returns pages, and libraries are touched first.
  package static let memory = Metric(
    id: "memory", title: "Memory per connection", name: "memory per connection",
    column: { _ in "mem/conn" },
    axis: { _ in
      "resident memory of the server; measurable from 256 KiB in total · lower is better"
    }, totalResolution: 262_144, isStatedAsValue: true, smallestDivisor: 64, isBinary: true,
    value: { $0.residentBytesPerConnection }, format: { bytes, _ in Quantity.bytes(bytes) })

  /// 99th percentile of the latency while all contenders get the same load, in nanoseconds.
  package static let equalLoadP99 = Metric(
    id: "equal_load_p99", title: "p99 latency at equal load", name: "p99 latency at equal load",
    column: { _ in "p99" }, axis: { _ in "counted from the intended send time · lower is better" },
    isAtEqualLoad: true, suffersFromSaturation: true, csvScale: 0.001,
    value: { $0.p99.map { Double($0) } }, format: { time, _ in Quantity.time(nanoseconds: time) })

  /// CPU time of the server for each message while all contenders get the same load, in microseconds.
  package static let equalLoadCPU = Metric(
    id: "equal_load_cpu", title: "Server CPU at equal load", name: "CPU per message at equal load",
    column: { "CPU/\($0.shortUnit)" },
    axis: { "user and system time per \($0.unit) · lower is better" }, floor: 0.03,
    isAtEqualLoad: true, showsNoise: true, value: { $0.cpuMicrosecondsPerMessage },
    format: { time, _ in Quantity.time(nanoseconds: time * 1000) })

  /// All metrics, in the order of tables and charts.
  package static let all = [throughput, p99, cpu, memory, equalLoadP99, equalLoadCPU]
}

extension Workload {
  /// The unit that throughput counts and costs are divided by.
  var unit: String { unitNames.long }
  /// The unit in a column head on a terminal.
  package var shortUnit: String { unitNames.short }

  private var unitNames: (long: String, short: String) {
    switch kind {
    case .churn: ("connection", "conn")
    case .fanOut: ("delivery", "deliv")
    default: ("message", "msg")
    }
  }
}
