// What a person sees: what is said above, and below it the line being typed, never torn.

import TestSupport
import Testing

@testable import TerminalClient

@Suite struct ScreenTests {
  private func buffer(_ text: String, cursor: Int? = nil) -> LineBuffer {
    var line = LineBuffer(limit: 10_000)
    _ = line.insert(text)
    if let cursor { line.move(to: cursor) }
    return line
  }

  @Test func whatArrivesGoesAboveTheLine() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 40)
    terminal.show(screen.draw(prompt: "", buffer("half a li"), columns: 40))
    screen.print("bob: hello\nann: hi\n".utf8)
    terminal.show(screen.draw(prompt: "", buffer("half a li"), columns: 40))
    #expect(terminal.lines == ["bob: hello", "ann: hi", "half a li"])
    #expect(terminal.column == 9)
  }

  @Test func aQuestionStandsBeforeTheAnswer() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 40)
    terminal.show(screen.draw(prompt: "name? ", buffer("bob", cursor: 1), columns: 40))
    #expect(terminal.lines == ["name? bob"] && terminal.column == 7)
    // The question becomes part of a line that goes above.
    screen.print("name? someone came\n".utf8)
    terminal.show(screen.draw(prompt: "> ", buffer("bob", cursor: 1), columns: 40))
    #expect(terminal.lines == ["name? someone came", "> bob"] && terminal.column == 3)
  }

  @Test func nothingIsDrawnWhenNothingHasChanged() {
    var screen = Screen()
    let isEmpty = [
      screen.draw(prompt: "> ", buffer("a"), columns: 40),
      screen.draw(prompt: "> ", buffer("a"), columns: 40),
      screen.draw(prompt: "> ", buffer("a", cursor: 0), columns: 40),
      screen.draw(prompt: "> ", buffer("a", cursor: 0), columns: 41),
    ].map(\.isEmpty)
    #expect(isEmpty == [false, true, false, false])
  }

  @Test func aShorterLineLeavesNothingOfALongerOne() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 40)
    for text in ["世界世界", "界", ""] {
      terminal.show(screen.draw(prompt: "", buffer(text), columns: 40))
      #expect(terminal.lines == [text])
    }
  }

  @Test func aLongLineScrolls() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 21)
    var line = buffer("0123456789abcdefghijkl")
    terminal.show(screen.draw(prompt: "", line, columns: 21))
    #expect(terminal.lines == ["<89abcdefghijkl"] && terminal.column == 15)
    line.move(to: 12)
    terminal.show(screen.draw(prompt: "", line, columns: 21))
    #expect(terminal.lines == ["<89abcdefghijkl"] && terminal.column == 5)
    line.move(to: 0)
    terminal.show(screen.draw(prompt: "", line, columns: 21))
    #expect(terminal.lines == ["0123456789abcdefghi>"] && terminal.column == 0)
    _ = line.insert("xy")
    terminal.show(screen.draw(prompt: "", line, columns: 21))
    #expect(terminal.lines == ["xy0123456789abcdefg>"] && terminal.column == 2)
  }

  @Test func aQuestionGivesWayToALongAnswerAndKeepsItsEnd() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 21)
    let prompt = "What is your name? "
    terminal.show(screen.draw(prompt: prompt, buffer(""), columns: 21))
    #expect(terminal.lines == ["What is your name?"] && terminal.column == 19)
    terminal.show(screen.draw(prompt: prompt, buffer("bob"), columns: 21))
    #expect(terminal.lines == ["at is your name? bob"])
    terminal.show(screen.draw(prompt: prompt, buffer("bob the great"), columns: 21))
    #expect(terminal.lines == ["our name? <e great"])
  }

  @Test func controlCharactersInTheLineAreHarmless() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 60)
    terminal.show(
      screen.draw(prompt: "", buffer("a\u{1b}[2J\tb\nc\u{202e}d\u{9b}"), columns: 60))
    #expect(terminal.lines == [#"a\x1b[2J        b↵c\u{202e}d\u{9b}"#])
  }

  @Test func aCleanScreenKeepsTheLine() {
    var screen = Screen()
    var terminal = TestTerminal(columns: 40)
    screen.print("one\ntwo\n".utf8)
    terminal.show(screen.draw(prompt: "> ", buffer("abc"), columns: 40))
    screen.clear()
    terminal.show(screen.draw(prompt: "> ", buffer("abc"), columns: 40))
    #expect(terminal.lines == ["> abc"] && terminal.column == 5)
  }

  @Test func whoeverWritesNextBeginsBelow() {
    var screen = Screen()
    _ = screen.draw(prompt: "", buffer("abc", cursor: 0), columns: 40)
    let afterText = screen.finish()
    #expect(afterText == Array("\r\n".utf8))
    _ = screen.draw(prompt: "", buffer(""), columns: 40)
    let afterNothing = screen.finish()
    #expect(afterNothing == [])
  }

  // MARK: Everything at once

  /// Any order of keys and arriving pieces; every line is seen whole and once, in its order.
  @Test func noOrderOfEventsTearsALine() {
    for seed in UInt64(1)...60 {
      var talk = RandomTalk(seed: seed, columns: 400)
      for _ in 0..<80 {
        talk.step()
        #expect(talk.terminal.lines == talk.transcript + [talk.bottom], "seed \(seed)")
        #expect(talk.terminal.column == talk.cursorColumn, "seed \(seed)")
      }
    }
  }

  /// The same where lines break over rows and the text scrolls: nothing is lost or doubled above.
  @Test func noOrderOfEventsTearsALineOnANarrowTerminal() {
    for seed in UInt64(1)...60 {
      var talk = RandomTalk(seed: seed, columns: 17)
      for _ in 0..<80 {
        talk.step()
        let above = talk.terminal.lines.dropLast().joined()
        let said = (talk.transcript + [talk.partial]).joined()
        let seen = above.filter { $0 != " " }
        #expect(said.filter { $0 != " " }.hasPrefix(seen), "seed \(seed)")
        #expect(said.count - above.count <= 17 + talk.transcript.count, "seed \(seed)")
        #expect(talk.terminal.column < 17, "seed \(seed)")
      }
    }
  }
}

/// A person types while a server talks, at random.
private struct RandomTalk {
  private var random: SeededGenerator
  private var screen = Screen()
  private var peer = PeerText()
  private var editor = LineEditor(lineLimit: 10_000, historyLimit: 10)
  private(set) var terminal: TestTerminal
  /// What should stand above: complete lines.
  private(set) var transcript: [String] = []
  /// What the server has said since the last line end.
  private(set) var partial = ""

  init(seed: UInt64, columns: Int) {
    random = SeededGenerator(seed: seed)
    terminal = TestTerminal(columns: columns)
  }

  /// What should stand in the bottom row, as it is seen.
  var bottom: String {
    var text = partial + editor.line.text
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
  var cursorColumn: Int {
    (partial + String(editor.line.characters[..<editor.line.cursor])).reduce(0) { $0 + $1.columns }
  }

  mutating func step() {
    if Bool.random(using: &random) { type() } else { hear() }
    terminal.show(screen.draw(prompt: peer.partial, editor.line, columns: terminal.columns))
  }

  private mutating func type() {
    let keys: [Key] = [
      .text("a"), .text("世"), .text("b c"), .text("🎉"), .left, .right, .home, .end, .backspace,
      .enter, .control("w"), .up,
    ]
    guard case .submitted(let text) = editor.handle(keys.randomElement(using: &random)!) else {
      return
    }
    screen.print((peer.takePartial() + text + "\n").utf8)
    endLine(with: text)
  }

  private mutating func hear() {
    let pieces = ["x", "世界", "yz\n", "\n", "one\r\ntwo\nthree", "> ", "🎉", "w\n> "]
    let piece = pieces.randomElement(using: &random)!
    screen.print(peer.take(Array(piece.utf8), columns: terminal.columns))
    let lines = piece.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for line in lines.dropLast() { endLine(with: String(line)) }
    partial += lines.last ?? ""
  }

  private mutating func endLine(with text: String) {
    var line = partial + text
    while line.hasSuffix(" ") { line.removeLast() }
    transcript.append(line)
    partial = ""
  }
}
