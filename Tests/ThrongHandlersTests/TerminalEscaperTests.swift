// What a stranger sends must not reach a terminal as commands, and must stay readable.

import Testing

@testable import ThrongHandlers

@Suite struct TerminalEscaperTests {
  private func escaped(_ pieces: [UInt8]...) -> String {
    var escaper = TerminalEscaper()
    var output: [UInt8] = []
    for piece in pieces { output += escaper.escape(piece) }
    output += escaper.finish()
    return String(decoding: output, as: UTF8.self)
  }

  @Test func textNewlinesAndTabsStayAsTheyAre() {
    #expect(escaped(Array("hi\tthere\nGrüße, 世界 🎉\n".utf8)) == "hi\tthere\nGrüße, 世界 🎉\n")
  }

  @Test(arguments: [
    ("\u{1b}[2J", #"\x1b[2J"#), ("a\rb", #"a\rb"#), ("\u{0}", #"\x00"#), ("\u{7f}", #"\x7f"#),
    ("\u{9b}31m", #"\u{9b}31m"#), ("\u{202e}gpj", #"\u{202e}gpj"#), ("\u{7}", #"\x07"#),
  ])
  func controlCharactersAreEscaped(raw: String, shown: String) {
    #expect(escaped(Array(raw.utf8)) == shown)
  }

  @Test(
    arguments: [
      ([0xff, 0x41], #"\xffA"#),
      ([0xc0, 0xaf], #"\xc0\xaf"#),  // overlong
      ([0xed, 0xa0, 0x80], #"\xed\xa0\x80"#),  // a surrogate
      ([0x80], #"\x80"#),
      ([0xe4, 0xb8, 0x41], #"\xe4\xb8A"#),
    ] as [([UInt8], String)])
  func invalidUTF8IsEscapedByteByByte(raw: [UInt8], shown: String) {
    #expect(escaped(raw) == shown)
  }

  @Test func aCarriageReturnBeforeANewlineIsLeftOut() {
    #expect(escaped(Array("one\r\ntwo\r\r\n".utf8)) == "one\ntwo\\r\n")
    #expect(escaped(Array("one\r".utf8), Array("\ntwo".utf8)) == "one\ntwo")
    #expect(escaped(Array("one\r".utf8), Array("two\r".utf8)) == #"one\rtwo\r"#)
  }

  @Test func aCharacterThatArrivesInPiecesIsShownWhole() {
    let bytes = Array("🎉ü".utf8)
    for cut in 0...bytes.count {
      #expect(escaped(Array(bytes[..<cut]), Array(bytes[cut...])) == "🎉ü")
    }
  }

  @Test func aCharacterThatNeverEndsIsShownAtTheEnd() {
    #expect(escaped([0x41, 0xf0, 0x9f]) == #"A\xf0\x9f"#)
  }

  @Test func anEscapeInPiecesIsStillEscaped() {
    #expect(escaped([0xc2], [0x9b]) == #"\u{9b}"#)
  }
}
