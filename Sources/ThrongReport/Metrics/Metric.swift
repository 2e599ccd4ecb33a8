// The metrics by which contenders are compared. Each is one descriptor; tables, charts, ratios and
// findings read its properties and have no case for a single metric. Immutable; any thread.

/// A metric of the comparison: how it is read from a sample, compared and formatted.
public struct Metric: Sendable, Equatable, CaseIterable {
  /// Identifier in file names, HTML ids and the columns of results.csv.
  public let rawValue: String
  /// Heading.
  public let title: String
  /// Name within a sentence.
  public let name: String
  /// Column head on a terminal for a unit such as `msg`.
  let column: @Sendable (String) -> String
  /// Description of the vertical axis for a unit such as `message`.
  let axis: @Sendable (String) -> String
  /// Whether the higher value is the better one.
  public let higherIsBetter: Bool
  /// Smallest relative difference that counts, 0.03 for 3 %. Smaller ones may be significant, but the
  /// placement of code alone makes programs differ by some per cent.
  public let floor: Double
  /// Whether the values of a cell with a saturated generator cannot be compared.
  public let suffersFromSaturation: Bool
  /// Whether the value of a cell with a saturated generator is at least a lower bound.
  let isLowerBoundWhenSaturated: Bool
  /// Smallest measurable total over all open connections, for a value per connection; 0 for no limit.
  let totalResolution: Double
  /// Whether sentences state the values of all contenders instead of ratios alone.
  let isStatedAsValue: Bool
  /// Values so small that a multiple of them says nothing.
  let smallestDivisor: Double
  /// Whether an axis has powers of two as marks.
  let isBinary: Bool
  /// Whether the terminal's table shows the noise beside the value.
  let showsNoise: Bool
  /// Factor from the value to the unit of results.csv.
  let csvScale: Double
  private let read: @Sendable (Sample) -> Double?
  private let format: @Sendable (Double) -> String
  private let formatMark: @Sendable (Double) -> String

  private init(
    _ rawValue: String, title: String, name: String, column: @escaping @Sendable (String) -> String,
    axis: @escaping @Sendable (String) -> String, higherIsBetter: Bool = false, floor: Double,
    suffersFromSaturation: Bool = false, isLowerBoundWhenSaturated: Bool = false,
    totalResolution: Double = 0, isStatedAsValue: Bool = false, smallestDivisor: Double = 0,
    isBinary: Bool = false, showsNoise: Bool = false, csvScale: Double = 1,
    read: @escaping @Sendable (Sample) -> Double?, format: @escaping @Sendable (Double) -> String,
    formatMark: (@Sendable (Double) -> String)? = nil
  ) {
    self.rawValue = rawValue
    self.title = title
    self.name = name
    self.column = column
    self.axis = axis
    self.higherIsBetter = higherIsBetter
    self.floor = floor
    self.suffersFromSaturation = suffersFromSaturation
    self.isLowerBoundWhenSaturated = isLowerBoundWhenSaturated
    self.totalResolution = totalResolution
    self.isStatedAsValue = isStatedAsValue
    self.smallestDivisor = smallestDivisor
    self.isBinary = isBinary
    self.showsNoise = showsNoise
    self.csvScale = csvScale
    self.read = read
    self.format = format
    self.formatMark = formatMark ?? { $0 == 0 ? "0" : Quantity.plain(format($0)) }
  }

  /// Messages, connections or deliveries per second.
  public static let throughput = Metric(
    "throughput", title: "Throughput", name: "throughput", column: { "\($0)s/s" },
    axis: { "\($0)s per second · higher is better" }, higherIsBetter: true, floor: 0.03,
    suffersFromSaturation: true, isLowerBoundWhenSaturated: true, showsNoise: true,
    read: { $0.messagesPerSecond }, format: Quantity.rate,
    formatMark: { value in
      switch value {
      case 1_000_000...: "\(Quantity.plain(Quantity.digits(value / 1_000_000)))M"
      case 1000...: "\(Quantity.plain(Quantity.digits(value / 1000)))k"
      default: Quantity.plain(Quantity.digits(value))
      }
    })

  /// 99th percentile of the latency, in nanoseconds.
  public static let p99 = Metric(
    "p99", title: "p99 latency", name: "p99 latency", column: { _ in "p99" },
    axis: { _ in "99 % of the replies arrived within this time · lower is better" }, floor: 0.05,
    suffersFromSaturation: true, csvScale: 0.001, read: { $0.p99.map { Double($0) } },
    format: Quantity.time)

  /// User and system CPU time of the server for each message, in microseconds.
  public static let cpu = Metric(
    "cpu", title: "Server CPU per message", name: "CPU per message", column: { "CPU/\($0)" },
    axis: { "user and system time per \($0) · lower is better" }, floor: 0.03, showsNoise: true,
    read: { $0.cpuMicrosecondsPerMessage }, format: { Quantity.time(nanoseconds: $0 * 1000) })

  /// Growth of the server's resident memory for each connection, in bytes. Below 256 KiB in total it
  /// cannot be measured: the allocator keeps and returns pages, and libraries are touched first.
  public static let memory = Metric(
    "memory", title: "Memory per connection", name: "memory per connection",
    column: { _ in "mem/conn" },
    axis: { _ in
      "resident memory of the server; measurable from 256 KiB in total · lower is better"
    }, floor: 0.05, totalResolution: 262_144, isStatedAsValue: true, smallestDivisor: 64,
    isBinary: true, read: { $0.residentBytesPerConnection }, format: Quantity.bytes)

  /// All metrics, in the order of tables and charts.
  public static let allCases = [throughput, p99, cpu, memory]

  /// The metric with an identifier; nil when there is none.
  public init?(rawValue: String) {
    guard let metric = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = metric
  }

  /// Metrics are equal if their identifiers are.
  public static func == (left: Metric, right: Metric) -> Bool { left.rawValue == right.rawValue }

  /// The value of a sample; nil when it was not measured.
  public func value(_ sample: Sample) -> Double? { read(sample) }

  /// Smallest measurable value of a cell.
  /// - Parameter open: all open connections, ``Workload/openConnections(_:)``.
  func resolution(open: Int) -> Double { totalResolution / Double(open) }

  /// Whether a value of a cell with `open` connections is large enough to be measured.
  func isResolved(_ value: Double, open: Int) -> Bool { abs(value) >= resolution(open: open) }

  /// The value with its unit and about three digits; `under 26 B` below the resolution.
  /// - Parameter open: all open connections, ``Workload/openConnections(_:)``.
  public func text(_ value: Double, open: Int) -> String {
    isResolved(value, open: open) ? text(value) : "under \(text(resolution(open: open)))"
  }

  /// The value with its unit and about three digits.
  public func text(_ value: Double) -> String { format(value) }

  /// A short form for the marks of an axis.
  func axisText(_ value: Double) -> String { formatMark(value) }
}

extension Workload {
  /// The unit that throughput counts and costs are divided by.
  public var unit: String {
    switch kind {
    case .churn: "connection"
    case .fanOut: "delivery"
    default: "message"
    }
  }

  /// The unit in a column head on a terminal.
  var shortUnit: String {
    switch kind {
    case .churn: "conn"
    case .fanOut: "deliv"
    default: "msg"
    }
  }
}
