// The four figures by which contenders are compared and drawn.

/// What is compared.
public enum Metric: String, Sendable, CaseIterable, Codable {
  case throughput
  case p99
  case cpu
  case memory

  public func value(_ sample: Sample) -> Double? {
    switch self {
    case .throughput: sample.messagesPerSecond
    case .p99: sample.p99.map { Double($0) }
    case .cpu: sample.cpuMicrosecondsPerMessage
    case .memory: sample.residentBytesPerConnection
    }
  }

  public var higherIsBetter: Bool { self == .throughput }

  /// Whether it says little when the generator was the bottleneck.
  public var suffersFromSaturation: Bool { self == .throughput || self == .p99 }

  /// The smallest difference that is called one. Smaller ones may be significant, and matter to nobody;
  /// and the placement of code alone makes programs differ by some per cent.
  public var floor: Double {
    switch self {
    case .throughput, .cpu: 0.03
    case .p99, .memory: 0.05
    }
  }

  /// The resident set moves by itself, as the allocator keeps and gives back pages and libraries are
  /// touched first: below so many bytes in all, a difference is none.
  public static let memoryResolution = 262_144.0

  public var title: String {
    switch self {
    case .throughput: "Throughput"
    case .p99: "p99 latency"
    case .cpu: "Server CPU per message"
    case .memory: "Memory per connection"
    }
  }

  /// In a sentence.
  public var name: String {
    switch self {
    case .throughput: "throughput"
    case .p99: "p99 latency"
    case .cpu: "CPU per message"
    case .memory: "memory per connection"
    }
  }

  /// Along the vertical axis.
  public func axis(_ workload: Workload) -> String {
    switch self {
    case .throughput: "\(workload.unit)s per second · higher is better"
    case .p99: "99 % of the replies came within · lower is better"
    case .cpu: "user and system time for a \(workload.unit) · lower is better"
    case .memory:
      "resident memory of the server, from \(Quantity.plain(Quantity.bytes(Self.memoryResolution))) in all"
        + " · lower is better"
    }
  }

  /// The least that can be measured.
  /// - Parameter open: all connections that were open, `Workload.openConnections`.
  func resolution(open: Int) -> Double {
    self == .memory ? Self.memoryResolution / Double(open) : 0
  }

  /// Whether a value of a cell with so many open connections is no less than what can be measured.
  func isResolved(_ value: Double, open: Int) -> Bool { abs(value) >= resolution(open: open) }

  /// With its unit, in three digits or so; `under 26 B` where there is less than can be measured.
  /// - Parameter open: all connections that were open, `Workload.openConnections`.
  public func text(_ value: Double, open: Int) -> String {
    guard !isResolved(value, open: open) else { return text(value) }
    return "under \(text(resolution(open: open)))"
  }

  /// With its unit, in three digits or so.
  public func text(_ value: Double) -> String {
    switch self {
    case .throughput: Quantity.rate(value)
    case .p99: Quantity.time(nanoseconds: value)
    case .cpu: Quantity.time(nanoseconds: value * 1000)
    case .memory: Quantity.bytes(value)
    }
  }
}

extension Workload {
  /// What is counted.
  public var unit: String {
    switch kind {
    case .churn: "connection"
    case .fanOut: "delivery"
    default: "message"
    }
  }
}

extension Metric {
  /// Short, for the marks of an axis.
  func axisText(_ value: Double) -> String {
    guard self == .throughput else { return value == 0 ? "0" : Quantity.plain(text(value)) }
    return switch value {
    case 1_000_000...: "\(Quantity.plain(Quantity.digits(value / 1_000_000)))M"
    case 1000...: "\(Quantity.plain(Quantity.digits(value / 1000)))k"
    default: Quantity.plain(Quantity.digits(value))
    }
  }
}
