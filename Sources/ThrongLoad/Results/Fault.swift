// Faults of a run by kind: their count, and the sentence for the first of each kind.

/// Kinds of faults of a connection or of a message.
public enum FaultKind: String, Sendable, Codable, CaseIterable {
  case connectFailed, wrongByte, surplus, early, closed, lost, noReply
  /// Faults of a fan-out.
  case notReached, missing, duplicated, reordered, corrupted
  case notServed

  /// Whether the count is of messages and not of connections.
  var isOfMessages: Bool {
    switch self {
    case .missing, .duplicated, .reordered, .corrupted: true
    default: false
    }
  }
}

/// All faults of one kind.
public struct FaultSummary: Sendable, Codable, Equatable {
  /// The kind.
  public var kind: FaultKind
  /// Number of connections or messages with this fault.
  public var count: Int
  /// Sentence for the first fault: connection, offset in its received bytes, and what to check.
  public var first: String
}

/// Parts of fault sentences.
enum FaultText {
  static func wrongByte(_ byte: UInt8, expected: UInt8, at offset: Int) -> String {
    "wrong byte at offset \(offset): expected \(hex(expected)), received \(hex(byte))"
  }

  static func notReached(_ options: LoadOptions) -> String {
    let hello =
      options.hello == nil
      ? "if it expects a first line, give --hello" : "check that it accepts this --hello"
    return """
      no line of the sender received within \(options.timeout) (check that the server sends each line to \
      all clients; \(hello); if connects were lost, use a lower --connect-rate)
      """
  }

  static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "0x" + (digits.count == 1 ? "0" : "") + digits
  }
}

/// Collects the faults of a load thread.
struct FaultLog: Sendable {
  private var summaries: [FaultKind: FaultSummary] = [:]

  var isEmpty: Bool { summaries.isEmpty }

  mutating func add(_ kind: FaultKind, count: Int = 1, _ sentence: @autoclosure () -> String) {
    if summaries[kind] == nil {
      summaries[kind] = FaultSummary(kind: kind, count: 0, first: sentence())
    }
    summaries[kind]?.count += count
  }

  func count(_ kind: FaultKind) -> Int { summaries[kind]?.count ?? 0 }

  mutating func merge(_ other: FaultLog) {
    for summary in other.all { add(summary.kind, count: summary.count, summary.first) }
  }

  /// All summaries in the order of the kinds.
  var all: [FaultSummary] { FaultKind.allCases.compactMap { summaries[$0] } }
}
