// A character as it is shown on the terminal: never a control character. Pure.

import LinuxSystem
import ThrongHandlers

struct TerminalCell: Equatable {
  let text: String
  let columns: Int

  private static let tabStop = 8

  /// The characters one after the other, from the first column of the line on.
  /// - Parameter characters: tabs become blanks up to the next stop, newlines an arrow, and what could
  ///   control the terminal an escape.
  static func cells(of characters: some Sequence<Character>) -> [TerminalCell] {
    var column = 0
    return characters.map { character in
      let cell = TerminalCell(character, at: column)
      column += cell.columns
      return cell
    }
  }

  private init(_ character: Character, at column: Int) {
    switch character {
    case "\t":
      columns = Self.tabStop - column % Self.tabStop
      text = String(repeating: " ", count: columns)
    case "\n": (text, columns) = ("\u{21b5}", 1)
    case _ where character.isASCII && character >= " " && character < "\u{7f}":
      (text, columns) = (String(character), 1)
    default:
      var escaper = TerminalEscaper()
      let escaped = escaper.escape(Array(String(character).utf8)) + escaper.finish()
      text = String(decoding: escaped, as: UTF8.self)
      columns = text.reduce(0) { $0 + $1.columns }
    }
  }
}

extension Collection<TerminalCell> {
  var columns: Int { reduce(0) { $0 + $1.columns } }
  var text: String { map(\.text).joined() }
}

extension Character {
  /// Columns of a terminal: 0, 1 or 2 for nearly all characters. Sequences that terminals may join, such
  /// as families of emoji, count with the sum: a result that is too large is harmless (see `Screen`).
  var columns: Int {
    if isASCII { return 1 }
    let sum = unicodeScalars.reduce(0) { $0 + (CharacterColumns.count(of: $1) ?? 1) }
    // The variation selector asks for the emoji form of a character that also has a text form.
    return unicodeScalars.contains("\u{fe0f}") ? max(2, sum) : sum
  }
}
