// Text in columns, for a terminal. A value; any thread.

struct TextTable {
  enum Side { case left, right }

  private let columns: [(title: String, side: Side)]
  private var rows: [[String]] = []

  init(_ columns: [(title: String, side: Side)]) { self.columns = columns }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// Length of the longest line.
  var width: Int { text.split(separator: "\n").map(\.count).max() ?? 0 }

  /// Header and rows with columns two spaces apart.
  var text: String {
    let lines = [columns.map(\.title)] + rows
    let widths = columns.indices.map { index in lines.map { $0[index].count }.max() ?? 0 }
    return lines.map { line in
      var text = ""
      for (index, field) in line.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - field.count)
        if index > 0 { text += "  " }
        text += columns[index].side == .left ? field + padding : padding + field
      }
      while text.hasSuffix(" ") { text.removeLast() }
      return text + "\n"
    }.joined()
  }

  /// Wraps a line between words; continuation lines are indented deeper. Ends with a newline.
  static func wrap(_ line: String, at width: Int) -> String {
    let start = line.prefix { $0 == " " }
    var result = ""
    var current = String(start)
    var isEmpty = true
    for word in line.split(separator: " ") {
      if !isEmpty, current.count + 1 + word.count > width {
        result += current + "\n"
        current = start + "  " + word
      } else {
        current += (isEmpty ? "" : " ") + word
      }
      isEmpty = false
    }
    return result + current + "\n"
  }

  /// Replaces control characters, which could steer the terminal, and shortens the text to a
  /// length.
  static func clean(_ text: String, to length: Int) -> String {
    let safe = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar {
          case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{200b}"..."\u{200f}",
            "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
            "\u{fffd}"
          default: scalar
          }
        }))
    return safe.count <= length ? safe : safe.prefix(length - 1) + "…"
  }
}
