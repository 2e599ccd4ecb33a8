// What the server has sent, cut into what goes above the line being typed and what stands before it:
// a line that is not complete, such as a question. Pure.
//
// Invariant: `partial` is escaped, holds no newline, and is narrower than the terminal was when the
// last of it came.

import ThrongHandlers

struct PeerText {
  private(set) var partial = ""
  private var escaper = TerminalEscaper()

  /// A row of a terminal has a few hundred characters. What is longer and yet no wider than a row
  /// consists of marks without width, and is not a question.
  static let partialLimit = 4096

  /// Takes what has come.
  /// - Parameter columns: the width of the terminal.
  /// - Returns: what is complete, escaped; it ends with a newline unless it is empty. A partial line
  ///   that fills rows is complete as far as it fills them.
  mutating func take(_ bytes: some Collection<UInt8>, columns: Int) -> [UInt8] {
    let escaped = escaper.escape(bytes)
    guard let newline = escaped.lastIndex(of: UInt8(ascii: "\n")) else {
      partial += String(decoding: escaped, as: UTF8.self)
      return takeFullRows(columns: columns)
    }
    let complete = Array(partial.utf8) + escaped[...newline]
    partial = String(decoding: escaped[(newline + 1)...], as: UTF8.self)
    return complete + takeFullRows(columns: columns)
  }

  /// Takes the partial line away: it has become part of what stands above.
  mutating func takePartial() -> String {
    defer { partial = "" }
    return partial
  }

  /// Nothing more will come: what was held back joins the partial line.
  mutating func finish() {
    partial += String(decoding: escaper.finish(), as: UTF8.self)
  }

  private mutating func takeFullRows(columns: Int) -> [UInt8] {
    if partial.isEmpty { return [] }
    var rows: [UInt8] = []
    var row = ""
    var width = 0
    for cell in TerminalCell.cells(of: partial) {
      if width > 0, width + cell.columns > columns {
        rows += Array(row.utf8) + [UInt8(ascii: "\n")]
        (row, width) = ("", 0)
      }
      row += cell.text
      width += cell.columns
    }
    if width >= columns || row.utf8.count > Self.partialLimit {
      partial = ""
      return rows + Array(row.utf8) + [UInt8(ascii: "\n")]
    }
    if !rows.isEmpty { partial = row }
    return rows
  }
}
