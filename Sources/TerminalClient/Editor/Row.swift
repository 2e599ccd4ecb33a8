// The row in which the user types: the server's partial line, and as much of the text as there is room
// for around the cursor. Pure.
//
// Invariant: a row takes at least one column less than the terminal has, so that the cursor fits behind
// it and nothing wraps.

struct Row: Equatable {
  /// What stands before the cursor and what stands behind it.
  private(set) var left: String
  private(set) var right = ""
  /// Where the cursor is, from 0.
  let cursorColumn: Int

  /// Below this there is no room for a text; such a terminal cuts the row off.
  private static let minimumColumns = 10

  // In reverse video, to distinguish them from text.
  private static let moreOnTheLeft = "\u{1b}[7m<\u{1b}[m"
  private static let moreOnTheRight = "\u{1b}[7m>\u{1b}[m"

  /// - Parameter prompt: what the server has sent without ending the line, escaped.
  /// - Parameter offset: how many columns of the text are out of sight on the left; moved when the
  ///   cursor would be out of sight.
  init(prompt: String, _ line: LineBuffer, columns: Int, offset: inout Int) {
    let available = max(columns, Self.minimumColumns) - 1
    let cells = TerminalCell.cells(of: line.characters)
    let total = cells.columns
    let promptCells = Self.tail(
      of: TerminalCell.cells(of: prompt), columns: max(available / 2, available - total))
    let room = available - promptCells.columns
    let cursor = cells[..<line.cursor].columns
    // The marks at the edges would hide the character under the cursor.
    let isInSight = (offset == 0 || cursor > offset) && cursor < offset + room - 1
    if total <= room {
      offset = 0
    } else if !isInSight {
      // A quarter of the window at once, so that it does not move at every key.
      offset = max(0, cursor - (room - room / 4))
    }
    left = promptCells.text
    cursorColumn = promptCells.columns + cursor - offset
    show(cells, cursor: line.cursor, from: offset, columns: room)
  }

  /// A question ends with what matters, so its beginning goes first.
  private static func tail(of cells: [TerminalCell], columns: Int) -> ArraySlice<TerminalCell> {
    var width = cells.columns
    return cells.drop { cell in
      defer { width -= cell.columns }
      return width > columns
    }
  }

  private mutating func show(_ cells: [TerminalCell], cursor: Int, from offset: Int, columns: Int) {
    let isCutRight = cells.columns - offset > columns
    let start = offset > 0 ? offset + 1 : 0
    let end = offset + columns - (isCutRight ? 1 : 0)
    if offset > 0 { left += Self.moreOnTheLeft }
    var column = 0
    for (index, cell) in cells.enumerated() {
      let next = column + cell.columns
      let isWhole = column >= start && next <= end
      // Of a wide character that an edge cuts, blanks are left.
      let blanks = max(0, min(next, end) - max(column, start))
      let text = isWhole ? cell.text : String(repeating: " ", count: blanks)
      if index < cursor { left += text } else { right += text }
      column = next
    }
    if isCutRight { right += Self.moreOnTheRight }
  }
}
