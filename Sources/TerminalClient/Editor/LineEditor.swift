// What each key does to the line: the usual bindings of a shell's line. Pure.

struct LineEditor {
  /// What a key means to the client.
  enum Outcome: Equatable {
    /// The line or the cursor may have changed; nothing else.
    case edited
    /// The line is to be sent; it is empty again.
    case submitted(String)
    /// Control-D on an empty line.
    case ended
    /// Control-C on an empty line.
    case interrupted
    /// Control-\.
    case quit
    /// Control-Z.
    case suspended
    /// Control-L: a clean screen.
    case cleared
    /// The line would become too long.
    case refused
  }

  private(set) var line: LineBuffer
  private var history: LineHistory
  /// What was removed last, for Control-Y.
  private var removed = ""

  init(lineLimit: Int, historyLimit: Int) {
    line = LineBuffer(limit: lineLimit)
    history = LineHistory(limit: historyLimit)
  }

  mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .text(let text), .paste(let text): return insert(text)
    case .oversizedPaste: return .refused
    case .enter: return submit()
    case .control(let letter): return handleControl(letter)
    case .alt(let character): handleAlt(character)
    case .left: line.move(to: line.cursor - 1)
    case .right: line.move(to: line.cursor + 1)
    case .wordLeft: line.move(to: line.wordStart)
    case .wordRight: line.move(to: line.wordEnd)
    case .home: line.move(to: 0)
    case .end: line.move(to: line.end)
    case .up: recall(-1)
    case .down: recall(1)
    case .backspace: line.remove(max(0, line.cursor - 1)..<line.cursor)
    case .delete: line.remove(line.cursor..<min(line.cursor + 1, line.end))
    case .escape: break
    }
    return .edited
  }

  private mutating func handleControl(_ letter: Character) -> Outcome {
    switch letter {
    case "a": return handle(.home)
    case "b": return handle(.left)
    case "c": return interrupt()
    case "d": return line.isEmpty ? .ended : handle(.delete)
    case "e": return handle(.end)
    case "f": return handle(.right)
    case "k": kill(line.cursor..<line.end)
    case "l": return .cleared
    case "n": return handle(.down)
    case "p": return handle(.up)
    case "u": kill(0..<line.cursor)
    case "w": kill(line.blankDelimitedWordStart..<line.cursor)
    case "y": return insert(removed)
    case "z": return .suspended
    case "|": return .quit
    default: break
    }
    return .edited
  }

  private mutating func handleAlt(_ character: Character) {
    switch character {
    case "b": line.move(to: line.wordStart)
    case "f": line.move(to: line.wordEnd)
    case "d": kill(line.cursor..<line.wordEnd)
    case "\u{7f}": kill(line.wordStart..<line.cursor)
    default: break
    }
  }

  private mutating func insert(_ text: String) -> Outcome {
    line.insert(text) ? .edited : .refused
  }

  private mutating func submit() -> Outcome {
    let text = line.text
    history.add(text)
    line.replace(with: "")
    return .submitted(text)
  }

  private mutating func interrupt() -> Outcome {
    guard !line.isEmpty else { return .interrupted }
    line.replace(with: "")
    history.beginLine()
    return .edited
  }

  private mutating func recall(_ step: Int) {
    if let text = history.move(by: step, from: line.text) { line.replace(with: text) }
  }

  private mutating func kill(_ range: Range<Int>) {
    if !range.isEmpty { removed = line.remove(range) }
  }
}
