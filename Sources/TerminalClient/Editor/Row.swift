// The row in which a person types: the server's partial line, and as much of the text as there is room
// for around the cursor. Pure.
//
// Invariant: a row takes at least one column less than the terminal has, so that the cursor fits behind
// it and nothing wraps.

struct Row: Equatable {
  /// What stands before the cursor and what stands behind it.
  let left: String
  let right: String
  /// Where the cursor is, from 0.
  let cursorColumn: Int

  /// Below this there is no room for a text; such a terminal cuts the row off.
  private static let leastColumns = 10

  /// - Parameter prompt: what the server has said without ending the line, made harmless.
  /// - Parameter offset: how many columns of the text are out of sight on the left; moved when the
  ///   cursor would be out of sight.
  init(prompt: String, _ line: LineBuffer, columns: Int, offset: inout Int) {
    let available = max(columns, Self.leastColumns) - 1
    let cells = Cell.cells(of: line.characters)
    let promptCells = Self.tail(
      of: Cell.cells(of: prompt), columns: max(available / 2, available - cells.columns))
    let window = Window(
      cells, cursor: line.cursor, columns: available - promptCells.columns, offset: &offset)
    left = promptCells.text + window.left
    right = window.right
    cursorColumn = promptCells.columns + window.cursorColumn
  }

  /// A question ends with what matters, so its beginning goes first.
  private static func tail(of cells: [Cell], columns: Int) -> ArraySlice<Cell> {
    var rest = cells[...]
    var width = rest.columns
    while width > columns, let first = rest.first {
      width -= first.columns
      rest = rest.dropFirst()
    }
    return rest
  }
}

/// The part of the text that is in sight.
private struct Window {
  private(set) var left = ""
  private(set) var right = ""
  private(set) var cursorColumn: Int

  /// In reverse video, to distinguish them from text.
  private static let moreOnTheLeft = "\u{1b}[7m<\u{1b}[m"
  private static let moreOnTheRight = "\u{1b}[7m>\u{1b}[m"

  init(_ cells: [Cell], cursor: Int, columns: Int, offset: inout Int) {
    let cursorOffset = cells[..<cursor].columns
    let total = cells.columns
    if total <= columns {
      offset = 0
    } else if !Self.isInSight(cursorOffset, columns: columns, offset: offset) {
      // A quarter of the window at once, so that it does not move at every key.
      offset = max(0, cursorOffset - (columns - columns / 4))
    }
    cursorColumn = cursorOffset - offset
    let isCutRight = total - offset > columns
    show(cells, cursor: cursor, from: offset, to: offset + columns - (isCutRight ? 1 : 0))
    if isCutRight { right += Self.moreOnTheRight }
  }

  /// The marks at the edges would hide the character under the cursor.
  private static func isInSight(_ cursorOffset: Int, columns: Int, offset: Int) -> Bool {
    (offset == 0 || cursorOffset > offset) && cursorOffset < offset + columns - 1
  }

  private mutating func show(_ cells: [Cell], cursor: Int, from offset: Int, to end: Int) {
    if offset > 0 { left = Self.moreOnTheLeft }
    let beginning = offset > 0 ? offset + 1 : 0
    // Wide characters that the edges cut leave blanks.
    var (place, shown) = (0, beginning)
    for (index, cell) in cells.enumerated() {
      if index == cursor { fill(&shown, to: place, isLeft: true) }
      if place >= beginning, place + cell.columns <= end {
        fill(&shown, to: place, isLeft: index < cursor)
        append(cell.text, isLeft: index < cursor)
        shown += cell.columns
      }
      place += cell.columns
    }
    if cursor == cells.count { fill(&shown, to: place, isLeft: true) }
    if place > end { fill(&shown, to: end, isLeft: false) }
  }

  private mutating func fill(_ shown: inout Int, to place: Int, isLeft: Bool) {
    guard place > shown else { return }
    append(String(repeating: " ", count: place - shown), isLeft: isLeft)
    shown = place
  }

  private mutating func append(_ text: String, isLeft: Bool) {
    if isLeft { left += text } else { right += text }
  }
}
