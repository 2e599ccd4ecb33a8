// What the server says is shown whole and once, in whatever pieces it comes.

import Testing

@testable import TerminalClient

/// A server's text that can be asked within an expectation.
private final class Hearing {
  private var text = PeerText()

  var partial: String { text.partial }
  func take(_ piece: String, columns: Int = 80) -> String {
    take(Array(piece.utf8), columns: columns)
  }
  func take(_ bytes: some Collection<UInt8>, columns: Int = 80) -> String {
    String(decoding: text.take(bytes, columns: columns), as: UTF8.self)
  }
  func takePartial() -> String { text.takePartial() }
  func finish() { text.finish() }
}

@Suite struct PeerTextTests {
  @Test func completeLinesGoAboveAndTheRestStaysBefore() {
    let text = Hearing()
    #expect(text.take("one\ntwo\nWhat is ") == "one\ntwo\n")
    #expect(text.partial == "What is ")
    #expect(text.take("your name? ") == "" && text.partial == "What is your name? ")
    #expect(text.take("\n") == "What is your name? \n" && text.partial == "")
  }

  @Test func whatIsTakenAwayIsNotShownTwice() {
    let text = Hearing()
    _ = text.take("name? ")
    #expect(text.takePartial() == "name? " && text.partial == "")
    #expect(text.take("hello\n") == "hello\n")
  }

  @Test func escapesAreNeutralised() {
    let text = Hearing()
    #expect(text.take("\u{1b}[2Ja\u{7}\n\u{1b}") == #"\x1b[2Ja\x07"# + "\n")
    #expect(text.partial == #"\x1b"#)
  }

  @Test func lineEndsOfOtherProtocolsAreLineEnds() {
    let text = Hearing()
    #expect(text.take("one\r\ntwo\r") == "one\n" && text.partial == "two")
    #expect(text.take("\nthree\rfour\r\r\n") == "two\nthree\\rfour\\r\n")
    #expect(text.take("five\r") == "" && text.partial == "five")
    text.finish()
    #expect(text.partial == #"five\r"#)
  }

  @Test func aCharacterInPiecesIsWhole() {
    let bytes = Array("a世b".utf8)
    for cut in 0...bytes.count {
      let text = Hearing()
      #expect(text.take(bytes[..<cut]) + text.take(bytes[cut...]) == "")
      #expect(text.partial == "a世b")
    }
    let text = Hearing()
    _ = text.take([0x61, 0xe4, 0xb8])
    text.finish()
    #expect(text.partial == #"a\xe4\xb8"#)
  }

  @Test func aPartialLineWiderThanTheTerminalIsShownRowByRow() {
    let text = Hearing()
    #expect(text.take("0123456789abcdefghij", columns: 8) == "01234567\n89abcdef\n")
    #expect(text.partial == "ghij")
    #expect(text.take("klmn", columns: 8) == "ghijklmn\n" && text.partial == "")
    // A wide character that does not fit goes into the next row.
    #expect(text.take("abcdefg世x", columns: 8) == "abcdefg\n" && text.partial == "世x")
  }

  @Test func marksWithoutWidthDoNotPileUp() {
    let text = Hearing()
    let piece = String(repeating: "\u{301}", count: 200)
    var shown = ""
    for _ in 0..<40 {
      shown += text.take(piece)
      #expect(text.partial.utf8.count <= PeerText.partialLimit)
    }
    #expect((shown + text.partial).unicodeScalars.count { $0 == "\u{301}" } == 40 * 200)
  }
}
