// A character as it is shown in the row of the line: never a control character. Pure.

import ThrongHandlers

struct Cell: Equatable {
  let text: String
  let columns: Int

  /// The characters one after the other, from the first column of the line on.
  /// - Parameter characters: tabs become blanks up to the next stop, newlines an arrow, and what could
  ///   control the terminal an escape.
  static func cells(of characters: some Sequence<Character>) -> [Cell] {
    var column = 0
    return characters.map { character in
      let cell = Cell(character, at: column)
      column += cell.columns
      return cell
    }
  }

  private init(_ character: Character, at column: Int) {
    if character == "\t" {
      columns = Self.tabStop - column % Self.tabStop
      text = String(repeating: " ", count: columns)
    } else if character == "\n" {
      (text, columns) = ("\u{21b5}", 1)
    } else if character.isASCII, character >= " ", character != "\u{7f}" {
      (text, columns) = (String(character), 1)
    } else {
      var escaper = TerminalEscaper()
      let escaped = escaper.escape(Array(String(character).utf8)) + escaper.finish()
      let shown = String(decoding: escaped, as: UTF8.self)
      text = shown
      columns = shown.reduce(0) { $0 + $1.columns }
    }
  }

  /// As terminals have them from their start.
  private static let tabStop = 8
}

extension Collection<Cell> {
  var columns: Int { reduce(0) { $0 + $1.columns } }
  var text: String { map(\.text).joined() }
}
