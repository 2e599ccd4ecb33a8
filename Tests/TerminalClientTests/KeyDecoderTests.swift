// Terminals send keys as bytes, in any pieces and in several dialects.

import Testing

import struct TestSupport.SeededGenerator

@testable import TerminalClient

/// A decoder that can be asked within an expectation.
private final class Decoding {
  private var decoder: KeyDecoder
  init(pasteLimit: Int) { decoder = KeyDecoder(pasteLimit: pasteLimit) }

  var isWaiting: Bool { decoder.isWaiting }
  func decode(_ bytes: some Collection<UInt8>) -> [Key] { decoder.decode(bytes) }
  func decode(_ text: String) -> [Key] { decoder.decode(Array(text.utf8)) }
  func expire() -> [Key] { decoder.expire() }
}

@Suite struct KeyDecoderTests {
  private func keys(_ text: String) -> [Key] {
    let decoder = Decoding(pasteLimit: 100)
    return decoder.decode(text)
  }

  @Test(
    arguments: [
      ("a", .text("a")), ("世", .text("世")), ("\t", .text("\t")),
      ("\r", .enter), ("\n", .enter), ("\u{1b}OM", .enter),
      ("\u{7f}", .backspace), ("\u{8}", .backspace), ("\u{1b}[3~", .delete),
      ("\u{1}", .control("a")), ("\u{1a}", .control("z")), ("\u{1c}", .control("|")),
      ("\u{1b}[A", .up), ("\u{1b}OA", .up), ("\u{1b}[B", .down), ("\u{1b}OB", .down),
      ("\u{1b}[C", .right), ("\u{1b}OC", .right), ("\u{1b}[D", .left), ("\u{1b}OD", .left),
      ("\u{1b}[H", .home), ("\u{1b}OH", .home), ("\u{1b}[1~", .home), ("\u{1b}[7~", .home),
      ("\u{1b}[F", .end), ("\u{1b}OF", .end), ("\u{1b}[4~", .end), ("\u{1b}[8~", .end),
      ("\u{1b}[1;5D", .wordLeft), ("\u{1b}[1;3C", .wordRight), ("\u{1b}[1;1C", .right),
      ("\u{1b}b", .alt("b")), ("\u{1b}f", .alt("f")),
      ("\u{1b}\u{7f}", .alt("\u{7f}")),
    ] as [(String, Key)])
  func eachKeyIsKnown(bytes: String, key: Key) {
    #expect(keys(bytes) == [key])
  }

  @Test(
    arguments: [
      "\u{1b}[15~", "\u{1b}[1;2P", "\u{1b}OP", "\u{1b}[[A", "\u{1b}[?1;2c", "\u{1b}[<0;1;1M",
      "\u{1b}[Z", "\u{1b}[200;", "\u{1b}[I",
    ])
  func aKeyThatMeansNothingLeavesNoText(sequence: String) {
    let decoder = Decoding(pasteLimit: 100)
    #expect(decoder.decode(sequence) + decoder.expire() == [])
    #expect(decoder.decode("x") == [.text("x")])
  }

  @Test func aSequenceThatIsBrokenOffDoesNotTakeWhatFollows() {
    #expect(keys("\u{1b}[1\u{1b}[A") == [.up])
    #expect(keys("\u{1b}\u{1b}[A") == [.escape, .up])
    #expect(keys("\u{1b}\rx") == [.escape, .enter, .text("x")])
    #expect(keys("\u{1b}üx") == [.escape, .text("üx")])
    // Without end it is no sequence.
    #expect(keys("\u{1b}[" + String(repeating: "1", count: 34)) == [.text("11")])
  }

  @Test func itIsTheSameInWhateverPiecesItComes() {
    let bytes = Array(
      "aü世🎉e\u{301}\u{1b}[1;5D\u{1b}OH\u{1b}b\r\u{1b}[200~x\r\u{1b}[A🎉\u{1b}[201~\u{3}\u{1b}[3~"
        .utf8)
    let expected: [Key] = [
      .text("aü世🎉e\u{301}"), .wordLeft, .home, .alt("b"), .enter, .paste("x\n\u{1b}[A🎉"),
      .control("c"), .delete,
    ]
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let decoder = Decoding(pasteLimit: 100)
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]]
        #expect(joiningText(pieces.flatMap { decoder.decode($0) }) == expected)
        #expect(!decoder.isWaiting)
      }
    }
  }

  private func joiningText(_ keys: [Key]) -> [Key] {
    keys.reduce(into: []) { result, key in
      if case .text(let text) = key, case .text(let before) = result.last {
        result[result.count - 1] = .text(before + text)
      } else {
        result.append(key)
      }
    }
  }

  @Test(
    arguments: [
      ("\u{1b}", [.escape]), ("\u{1b}[", []), ("\u{1b}[1;", []), ("\u{1b}O", []),
    ] as [(String, [Key])])
  func whatDoesNotGoOnIsGivenUp(beginning: String, rest: [Key]) {
    let decoder = Decoding(pasteLimit: 100)
    #expect(decoder.decode(beginning) == [] && decoder.isWaiting)
    #expect(decoder.expire() == rest && !decoder.isWaiting)
    #expect(decoder.decode("[A") == [.text("[A")])
  }

  @Test func whatIsNotUTF8IsReplaced() {
    let decoder = Decoding(pasteLimit: 100)
    #expect(decoder.decode([0x61, 0xff, 0x62]) == [.text("a\u{fffd}b")])
    #expect(decoder.decode([0xf0, 0x9f]) == [] && decoder.isWaiting)
    #expect(decoder.expire() == [.text("\u{fffd}")])
  }

  @Test func aPasteIsTextWhateverIsInIt() {
    #expect(
      keys("\u{1b}[200~a\rb\r\nc\nd\u{3}\u{4}\u{1b}[201~\u{4}")
        == [.paste("a\nb\nc\nd\u{3}\u{4}"), .control("d")])
  }

  @Test func aPasteMayTakeItsTime() {
    let decoder = Decoding(pasteLimit: 100)
    #expect(decoder.decode("\u{1b}[200~a\u{1b}[20") == [])
    #expect(!decoder.isWaiting && decoder.expire() == [])
    #expect(decoder.decode("1~") == [.paste("a")])
  }

  @Test func aPasteIsNeverCutShortInSilence() {
    let start = "\u{1b}[200~", end = "\u{1b}[201~"
    let text = String(repeating: "x", count: 100)
    #expect(keys(start + text + end) == [.paste(text)])
    #expect(keys(start + text + "y" + end + "z") == [.oversizedPaste, .text("z")])
    // A pair of line ends counts as it was pasted, though one of them goes.
    #expect(keys(start + text + "\r\n" + end) == [.oversizedPaste])
    #expect(keys(start + text + end + start + "short" + end) == [.paste(text), .paste("short")])
  }

  @Test func noBytesConfuseItForLong() {
    for seed in UInt64(0)..<300 {
      var random = SeededGenerator(seed: seed)
      let decoder = Decoding(pasteLimit: 100)
      for _ in 0..<20 {
        let alphabet = Array("\u{1b}[O;1~20\r世a\u{3}".utf8) + [0xff, 0xc3]
        let piece = (0..<Int.random(in: 0...9, using: &random)).map { _ in
          alphabet.randomElement(using: &random)!
        }
        _ = decoder.decode(piece)
      }
      // Whatever came before, the end of a paste and a moment later keys are keys.
      _ = decoder.decode("\u{1b}[201~") + decoder.expire()
      #expect(decoder.decode("\u{1b}[Aq") == [.up, .text("q")], "seed \(seed)")
    }
  }
}
