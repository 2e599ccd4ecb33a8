// A terminal in a few lines: as much of one as `Screen` uses, to see what a person would see.

@testable import TerminalClient

struct TestTerminal {
  let columns: Int
  /// Each cell's text; the second cell of a wide character is empty.
  private var rows: [[String]] = [[]]
  private var row = 0
  private(set) var column = 0
  private var wraps = true

  init(columns: Int) { self.columns = columns }

  /// The rows from the top, without the blanks at their ends.
  var lines: [String] {
    rows.map { row in
      var text = row.joined()
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
  }

  mutating func show(_ bytes: [UInt8]) {
    var rest = String(decoding: bytes, as: UTF8.self)[...]
    while let character = rest.popFirst() {
      switch character {
      case "\r": column = 0
      case "\n": newline()
      case "\r\n":
        column = 0
        newline()
      case "\u{1b}": control(&rest)
      default: put(character)
      }
    }
  }

  private mutating func newline() {
    row += 1
    if row == rows.count { rows.append([]) }
  }

  private mutating func control(_ rest: inout Substring) {
    let sequence = rest.prefix { !$0.isLetter } + rest.drop { !$0.isLetter }.prefix(1)
    rest = rest.dropFirst(sequence.count)
    switch sequence {
    case "[K": rows[row] = Array(rows[row].prefix(column))
    case "[J": rows = Array(rows[...row].dropLast()) + [Array(rows[row].prefix(column))]
    case "[H": (row, column) = (0, 0)
    case "[2J": rows = [[]]
    case "[?7l": wraps = false
    case "[?7h": wraps = true
    case "[7m", "[m": break
    default: fatalError("\(sequence) is no sequence that a screen should use")
    }
  }

  private mutating func put(_ character: Character) {
    let width = character.columns
    if column + width > columns {
      if wraps {
        column = 0
        newline()
      } else {
        column = columns - width
      }
    }
    while rows[row].count < column + width { rows[row].append(" ") }
    rows[row][column] = String(character)
    if width == 2 { rows[row][column + 1] = "" }
    column += width
  }
}
