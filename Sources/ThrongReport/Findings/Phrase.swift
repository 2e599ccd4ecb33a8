// Parts of sentences. Pure functions; any thread.

enum Phrase {
  /// `a`, `a and b`, `a, b and c`; with semicolons where the parts have commas.
  static func list(_ parts: [String], _ word: String = "and") -> String {
    guard parts.count > 1 else { return parts.first ?? "" }
    let hasCommas = parts.contains { $0.contains(", ") }
    let start = parts.dropLast().joined(separator: hasCommas ? "; " : ", ")
    return "\(start)\(hasCommas ? ";" : "") \(word) \(parts[parts.count - 1])"
  }

  /// `1 client`, `1,000 clients`.
  static func clients(_ count: Int) -> String {
    "\(Quantity.count(count)) client\(count == 1 ? "" : "s")"
  }

  /// `1, 10 and 100 clients`.
  static func clients(_ counts: [Int]) -> String {
    // Numbers have commas themselves and no spaces after them.
    list(counts.map(Quantity.count)) + (counts == [1] ? " client" : " clients")
  }

  /// `1 cell`, `2 cells`.
  static func cells(_ count: Int) -> String { "\(count) cell\(count == 1 ? "" : "s")" }

  static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// The text with a capital letter and a full stop.
  static func sentence(_ text: String) -> String {
    let text = capitalized(text)
    return [".", "!", "?"].contains { text.hasSuffix($0) } ? text : text + "."
  }
}
