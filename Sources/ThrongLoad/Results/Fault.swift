// What went wrong, by kind: how often, and the first of each in a sentence.

/// The kinds of things that go wrong with a connection.
public enum FaultKind: String, Sendable, Codable, CaseIterable {
  case connectFailed, wrongByte, surplus, early, closed, lost, noReply
  /// Of a fan-out.
  case notReached, missing, duplicated, reordered, corrupted
  case notServed

  /// Whether messages have it, and not connections.
  var isOfMessages: Bool {
    switch self {
    case .missing, .duplicated, .reordered, .corrupted: true
    default: false
    }
  }
}

/// All faults of one kind.
public struct FaultSummary: Sendable, Codable, Equatable {
  public var kind: FaultKind
  public var count: Int
  /// The first one: which connection, at which offset of what it received, and what to do.
  public var first: String
}

/// Parts of the sentences.
enum FaultText {
  static func wrongByte(_ byte: UInt8, expected: UInt8, at offset: Int) -> String {
    "wrong byte at offset \(offset): expected \(hex(expected)), received \(hex(byte))"
  }

  static func notReached(_ options: LoadOptions) -> String {
    let hello =
      options.hello == nil
      ? "if it asks for something first, give --hello" : "does it take that --hello?"
    return """
      no line of the sender's came within \(options.timeout) (does the server send each line to \
      everybody? \(hello); if its backlog is short, a lower --connect-rate)
      """
  }

  static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "0x" + (digits.count == 1 ? "0" : "") + digits
  }
}

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

  /// In the order of the kinds.
  var all: [FaultSummary] { FaultKind.allCases.compactMap { summaries[$0] } }
}
