// Text in columns that fits a width, for a terminal. A value; any thread.

struct TextTable {
  struct Column {
    let title: String
    var isLeft = false
    /// Columns with higher numbers are left out first when the table is too wide; 0: never.
    var dropOrder = 0
    /// Whether its texts may be shortened.
    var isFlexible = false
    var fields: [String]
  }

  private(set) var columns: [Column]

  /// Leaves out columns, then shortens flexible ones, until the table fits the width.
  init(_ columns: [Column], width: Int) {
    self.columns = columns
    while self.width > width, let last = self.columns.map(\.dropOrder).max(), last > 0 {
      self.columns.removeAll { $0.dropOrder == last }
    }
    for index in self.columns.indices where self.columns[index].isFlexible {
      let room = max(
        Self.shortestField, fieldWidth(self.columns[index]) - max(0, self.width - width))
      self.columns[index].fields = self.columns[index].fields.map { Self.clean($0, to: room) }
    }
  }

  private static let shortestField = 8

  private func fieldWidth(_ column: Column) -> Int {
    max(column.title.count, column.fields.map(\.count).max() ?? 0)
  }

  private var width: Int { columns.reduce(-2) { $0 + fieldWidth($1) + 2 } }

  /// Header and rows with columns two spaces apart.
  var text: String {
    let widths = columns.map(fieldWidth)
    let rows = columns.first?.fields.indices ?? 0..<0
    let lines = [columns.map(\.title)] + rows.map { row in columns.map { $0.fields[row] } }
    return lines.map { line in
      var text = ""
      for (index, field) in line.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - field.count)
        if index > 0 { text += "  " }
        text += columns[index].isLeft ? field + padding : padding + field
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
  static func clean(_ text: String, to length: Int = .max) -> String {
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
