// Each key does to the line what it does in a shell.

import Testing

@testable import TerminalClient

/// An editor that can be asked within an expectation.
private final class Editing {
  private var editor: LineEditor
  init(lineLimit: Int, historyLimit: Int) {
    editor = LineEditor(lineLimit: lineLimit, historyLimit: historyLimit)
  }

  var line: LineBuffer { editor.line }
  func handle(_ key: Key) -> LineEditor.Outcome { editor.handle(key) }
}

@Suite struct LineEditorTests {
  /// The line with a bar for the cursor, after the keys.
  private func line(_ keys: Key...) -> String {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for key in keys { _ = editor.handle(key) }
    return shown(editor)
  }

  private func shown(_ editor: Editing) -> String {
    let characters = editor.line.characters
    return String(characters[..<editor.line.cursor]) + "|"
      + String(characters[editor.line.cursor...])
  }

  @Test func typingGoesOnAtTheCursor() {
    #expect(line(.text("hllo"), .home, .right, .text("e")) == "he|llo")
    #expect(line(.text("ab"), .left, .left, .left, .text("x"), .end, .right) == "xab|")
  }

  @Test(
    arguments: [
      ("a", "|one two-three"), ("b", "one t|wo-three"), ("d", "one tw|-three"),
      ("e", "one two-three|"), ("f", "one two|-three"), ("g", "one tw|o-three"),
      ("k", "one tw|"), ("u", "|o-three"), ("w", "one |o-three"),
    ] as [(Character, String)])
  func controlKeysAreThoseOfAShell(letter: Character, expected: String) {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    _ = editor.handle(.text("one two-three"))
    for _ in "o-three" { _ = editor.handle(.left) }
    #expect(shown(editor) == "one tw|o-three")
    #expect(editor.handle(.control(letter)) == .edited)
    #expect(shown(editor) == expected)
  }

  @Test func wordsAreLettersAndDigits() {
    #expect(line(.text("one, two3  "), .alt("b")) == "one, |two3  ")
    #expect(line(.text("one, two3"), .alt("b"), .alt("b")) == "|one, two3")
    #expect(line(.text("one, two"), .home, .alt("f")) == "one|, two")
    #expect(line(.text("one, two"), .home, .wordRight, .wordRight) == "one, two|")
    #expect(line(.text("grün 世界"), .wordLeft, .wordLeft) == "|grün 世界")
    #expect(line(.text("one, two"), .alt("\u{7f}")) == "one, |")
    #expect(line(.text("one two"), .home, .alt("d")) == "| two")
  }

  @Test func whatWasRemovedComesBack() {
    #expect(
      line(.text("one two"), .control("w"), .home, .control("y"), .text(" ")) == "two |one ")
    #expect(line(.text("one"), .control("u"), .control("k"), .control("y")) == "one|")
  }

  @Test func nothingHappensAtTheEdges() {
    #expect(
      line(.backspace, .delete, .left, .right, .control("w"), .control("k"), .alt("d"), .up, .down)
        == "|")
    #expect(line(.text("a"), .delete, .home, .backspace) == "|a")
  }

  @Test func aCharacterIsOneThingHoweverItIsMade() {
    #expect(line(.text("e"), .text("\u{301}"), .backspace) == "|")
    #expect(line(.text("👩‍👩‍👧x"), .left, .left, .delete) == "|x")
    #expect(line(.text("🇩🇪"), .left, .text("a")) == "a|🇩🇪")
  }

  @Test func aMarkJoinsWhatIsBeforeIt() {
    // The line begins with a mark; a letter typed before it becomes one with it.
    #expect(line(.text("\u{301}x"), .home, .text("e")) == "e\u{301}|x")
    // What stood between them goes.
    #expect(line(.text("ex"), .text("\n\u{301}y"), .home, .right, .delete, .delete) == "e\u{301}|y")
  }

  @Test func controlCLeavesOnlyAnEmptyLine() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    _ = editor.handle(.text("a"))
    #expect(editor.handle(.control("c")) == .edited && editor.line.isEmpty)
    #expect(editor.handle(.control("c")) == .interrupted)
  }

  @Test func controlDEndsOnlyAnEmptyLine() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    _ = editor.handle(.text("a"))
    #expect(editor.handle(.control("d")) == .edited && !editor.line.isEmpty)
    _ = editor.handle(.home)
    #expect(editor.handle(.control("d")) == .edited && editor.line.isEmpty)
    #expect(editor.handle(.control("d")) == .ended)
  }

  @Test func enterSendsTheWholeLineFromAnyPlace() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for key: Key in [.text("a"), .paste("b\nc"), .home] { _ = editor.handle(key) }
    #expect(editor.handle(.enter) == .submitted("ab\nc"))
    #expect(editor.line.isEmpty && editor.line.cursor == 0)
    #expect(editor.handle(.enter) == .submitted(""))
  }

  @Test func theOtherKeysAreForTheClient() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    #expect(editor.handle(.control("l")) == .cleared)
    #expect(editor.handle(.control("z")) == .suspended)
    #expect(editor.handle(.control("|")) == .quit)
    #expect(editor.handle(.oversizedPaste) == .refused)
  }

  @Test func aLineThatWouldBecomeTooLongStaysAsItIs() {
    let editor = Editing(lineLimit: 5, historyLimit: 10)
    #expect(editor.handle(.text("abü")) == .edited)
    #expect(editor.handle(.paste("xy")) == .refused && editor.line.text == "abü")
    #expect(editor.handle(.text("x")) == .edited && editor.line.text == "abüx")
    #expect(editor.handle(.text("y")) == .refused)
  }

  // MARK: History

  @Test func sentLinesComeBack() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for text in ["one", "two", "two", "", "three"] {
      _ = editor.handle(.text(text))
      _ = editor.handle(.enter)
    }
    _ = editor.handle(.text("draft"))
    let seen = [Key.up, .control("p"), .up, .up, .down, .control("n"), .down, .down].map { key in
      _ = editor.handle(key)
      return shown(editor)
    }
    #expect(
      seen == ["three|", "two|", "one|", "one|", "two|", "three|", "draft|", "draft|"])
  }

  @Test func aLineThatCameBackIsSentAsChangedAndKept() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for key: Key in [.text("one"), .enter, .text("two"), .enter, .up, .up, .text("!")] {
      _ = editor.handle(key)
    }
    #expect(editor.handle(.enter) == .submitted("one!"))
    _ = editor.handle(.up)
    #expect(shown(editor) == "one!|")
    _ = editor.handle(.down)
    #expect(shown(editor) == "|")
  }

  @Test func controlCReturnsToTheNewestLine() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for text in ["a", "b", "c"] {
      for key in [.text(text), .enter] as [Key] { _ = editor.handle(key) }
    }
    for key in [.up, .up, .control("c"), .text("new"), .up] as [Key] { _ = editor.handle(key) }
    #expect(shown(editor) == "c|")
    _ = editor.handle(.down)
    #expect(shown(editor) == "new|")
  }

  @Test func whatWasChangedOnTheWayIsStillThere() {
    let editor = Editing(lineLimit: 100, historyLimit: 10)
    for text in ["a", "b"] { for key in [.text(text), .enter] as [Key] { _ = editor.handle(key) } }
    for key in [.text("new"), .up, .text("!"), .up] as [Key] { _ = editor.handle(key) }
    #expect(shown(editor) == "a|")
    _ = editor.handle(.down)
    #expect(shown(editor) == "b!|")
    _ = editor.handle(.down)
    #expect(shown(editor) == "new|")
    // Once something is sent, the history is as it was.
    for key in [.enter, .up, .up] as [Key] { _ = editor.handle(key) }
    #expect(shown(editor) == "b|")
  }

  @Test func theOldestLinesAreForgotten() {
    let editor = Editing(lineLimit: 100, historyLimit: 2)
    for text in ["one", "two", "three"] {
      _ = editor.handle(.text(text))
      _ = editor.handle(.enter)
    }
    for _ in 0..<5 { _ = editor.handle(.up) }
    #expect(shown(editor) == "two|")
  }
}
