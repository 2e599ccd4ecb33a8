// From the state of the conversation to the bytes that show it: what is said goes above, the row being
// typed stays below. Pure; one piece of bytes a redraw, for one write.
//
// Nothing here relies on the terminal counting columns as we do: the row is drawn without wrapping, and
// the cursor gets to its place by drawing again what stands before it.

struct Screen {
  /// What is to be printed above the row at the next drawing.
  private var above: [UInt8] = []
  private var isToBeCleared = false
  /// What stands in the bottom row, and how many columns there were then; nil when nothing does.
  private var drawn: (row: Row, columns: Int)?
  /// How far the text is scrolled.
  private var offset = 0

  private enum Control {
    static let clearToEndOfLine = "\u{1b}[K"
    /// This row, and then what is below: clearing both at once from the top of the screen would make
    /// some terminals keep a copy in what can be scrolled back.
    static let clearToEndOfScreen = "\u{1b}[K\u{1b}7\u{1b}[B\u{1b}[J\u{1b}8"
    static let clear = "\u{1b}[H\u{1b}[2J"
    static let wrapOff = "\u{1b}[?7l"
    static let wrapOn = "\u{1b}[?7h"
  }

  /// Keeps lines to be printed above the row.
  /// - Parameter lines: harmless to a terminal, and ending with a newline unless empty.
  mutating func print(_ lines: some Collection<UInt8>) {
    for byte in lines {
      if byte == UInt8(ascii: "\n") { above.append(UInt8(ascii: "\r")) }
      above.append(byte)
    }
  }

  /// The next drawing begins with an empty screen.
  mutating func clear() { isToBeCleared = true }

  /// Another program has drawn in the meantime: what was in the row is not there any more.
  mutating func forget() { drawn = nil }

  /// The bytes that show what has changed; empty when nothing has.
  mutating func draw(prompt: String, _ line: LineBuffer, columns: Int) -> [UInt8] {
    if drawn?.columns != columns { offset = 0 }
    let row = Row(prompt: prompt, line, columns: columns, offset: &offset)
    if above.isEmpty, !isToBeCleared, let drawn, drawn.row == row, drawn.columns == columns {
      return []
    }
    var text = beginning(columns: columns)
    if !above.isEmpty { text += Control.clearToEndOfLine }
    var output = Array(text.utf8) + above
    above = []
    output += Self.bytes(of: row).utf8
    drawn = (row, columns)
    return output
  }

  /// Moves below the drawn row, so that later output does not overwrite it.
  mutating func finish() -> [UInt8] {
    defer { forget() }
    guard let drawn, !drawn.row.left.isEmpty || !drawn.row.right.isEmpty else { return [] }
    return Array("\r\n".utf8)
  }

  /// To the first column of the row.
  private mutating func beginning(columns: Int) -> String {
    if isToBeCleared {
      isToBeCleared = false
      return Control.clear
    }
    guard let drawn, drawn.columns != columns else { return "\r" }
    return "\r" + Control.clearToEndOfScreen
  }

  private static func bytes(of row: Row) -> String {
    let back = row.right.isEmpty ? "" : "\r" + row.left
    return Control.wrapOff + row.left + row.right + Control.clearToEndOfLine + back + Control.wrapOn
  }
}
