// Faults of a run by kind: their count, the sentence for the first of each kind, and a hint at its cause.
// Values; any thread.

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

/// An option that may be the cause of a fault.
public enum FaultHint: Sendable, Codable, Equatable {
  /// The server may send a greeting; its length, if it is known.
  case greeting(bytes: Int?)
  /// The server may expect another first line, or any.
  case hello(isGiven: Bool)
  /// The server's certificate is not trusted, or is for another name.
  case certificate
}

/// All faults of one kind.
public struct FaultSummary: Sendable, Codable, Equatable {
  /// The kind.
  public var kind: FaultKind
  /// Number of connections or messages with this fault.
  public var count: Int
  /// Sentence for the first fault: connection, offset in its received bytes, and what happened.
  public var first: String
  /// What may be the cause of the first fault.
  public var hint: FaultHint?

  /// Sentence of the first fault, with the number of further faults of its kind.
  /// - Parameter remedy: what to do about the hint.
  public func sentence(remedy: String? = nil) -> String {
    let text = remedy.map { "\(first) (\($0))" } ?? first
    guard count > 1, kind != .notServed else { return text }
    return
      "\(text) (and \(Plural(count - 1, "more " + (kind.isOfMessages ? "message" : "connection"))))"
  }
}

/// A number with its noun: `1 byte`, `2 bytes`.
struct Plural: CustomStringConvertible {
  let description: String

  init(_ count: Int, _ noun: String, plural: String? = nil) {
    description = "\(count) " + (count == 1 ? noun : plural ?? noun + "s")
  }
}

/// Parts of fault sentences.
enum FaultText {
  static func wrongByte(_ byte: UInt8, expected: UInt8, at offset: Int) -> String {
    "wrong byte at offset \(offset): expected \(hex(expected)), received \(hex(byte))"
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

  mutating func add(
    _ kind: FaultKind, count: Int = 1, hint: FaultHint? = nil, _ sentence: @autoclosure () -> String
  ) {
    if summaries[kind] == nil {
      summaries[kind] = FaultSummary(kind: kind, count: 0, first: sentence(), hint: hint)
    }
    summaries[kind]?.count += count
  }

  func count(_ kind: FaultKind) -> Int { summaries[kind]?.count ?? 0 }

  mutating func merge(_ other: FaultLog) {
    for summary in other.all {
      add(summary.kind, count: summary.count, hint: summary.hint, summary.first)
    }
  }

  /// All summaries in the order of the kinds.
  var all: [FaultSummary] { FaultKind.allCases.compactMap { summaries[$0] } }
}
