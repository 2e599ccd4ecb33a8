// Lines come out as they went in, however they are cut on the way and whatever telnet puts between.

import Testing
import Throng

@testable import ThrongChat

@Suite struct ChatLinesTests {
  /// What the bytes are taken for when they arrive in pieces.
  private func lines(_ bytes: [UInt8], pieces: Int, maximum: Int = 10) -> [String] {
    var lines = ChatLines()
    var found: [String] = []
    let note = { (line: ChatLines.Line) in
      switch line {
      case .text(let text): found.append(String(decoding: text, as: UTF8.self))
      case .tooLong: found.append("too long")
      case .timingMark: found.append("timing mark")
      }
    }
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      lines.receive(
        Bytes(bytes[start..<min(start + pieces, bytes.count)]), maximumLength: maximum, note)
    }
    lines.finish(note)
    return found
  }

  @Test(
    arguments: [
      ("a\nb\n", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("a\rb\r", ["a", "b"]),
      ("a\r\0b\r\0", ["a", "b"]), ("a\n\nb", ["a", "", "b"]), ("a\r\r\nb", ["a", "", "b"]),
      ("", []), ("no end", ["no end"]), ("0123456789\n", ["0123456789"]),
      ("0123456789a\nb\n", ["too long", "b"]), ("0123456789a", ["too long"]),
      ("0123456789abcdefghijklmnopqrstuvwxyz\r\nb\n", ["too long", "b"]),
    ] as [(String, [String])])
  func aLineIsTheSameHoweverItIsCut(sent: String, expected: [String]) {
    for pieces in 1...max(1, sent.utf8.count) {
      #expect(lines(Array(sent.utf8), pieces: pieces) == expected, "in pieces of \(pieces)")
    }
  }

  @Test(
    arguments: [
      // Options, one of which has the number of a newline.
      ([0x61, 255, 253, 10, 0x62, 10], ["ab"]),
      ([255, 251, 31, 255, 254, 1, 0x61, 10], ["a"]),
      // A subnegotiation with a newline and an escaped 255 in it.
      ([0x61, 255, 250, 31, 10, 255, 255, 13, 255, 240, 0x62, 10], ["ab"]),
      // Interrupt process, and Ctrl-C's request for a timing mark.
      ([255, 244, 255, 253, 6, 0x61, 10], ["a"]),
      // Commands of two bytes.
      ([255, 241, 0x61, 255, 246, 10], ["a"]),
      // A command that is never finished.
      ([0x61, 10, 255], ["a"]), ([0x61, 10, 255, 253], ["a"]),
    ] as [([UInt8], [String])])
  func negotiationIsIgnoredHoweverItIsCut(sent: [UInt8], expected: [String]) {
    for pieces in 1...sent.count {
      let found = lines(sent, pieces: pieces).filter { $0 != "timing mark" }
      #expect(found == expected, "in pieces of \(pieces)")
    }
  }

  @Test func aDoubledCommandByteIsOneByteOfText() {
    var filter = TelnetFilter()
    #expect(filter.strip([0x61, 255, 255, 0x62]).text == [0x61, 255, 0x62])
    #expect(filter.isWithinText)
  }

  @Test func onlyARequestedTimingMarkIsAnswered() {
    #expect(lines([255, 253, 6], pieces: 1) == ["timing mark"])
    #expect(lines([255, 251, 6, 255, 253, 7], pieces: 2) == [])
  }

  @Test func aSubnegotiationWithoutEndSwallowsOnlySoMuch() {
    let length = Int(TelnetFilter.longestSubnegotiation)
    let endless = [255, 250] + [UInt8](repeating: 0x78, count: length)
    for pieces in [1, 7, 10_000] {
      #expect(lines(endless + Array("a\n".utf8), pieces: pieces) == ["a"])
    }
  }

  @Test func anUnfinishedLineIsBounded() {
    var lines = ChatLines()
    var tooLong = 0
    for _ in 0..<1000 {
      lines.receive(Bytes(repeatElement(0x78, count: 60)), maximumLength: 100) {
        if case .tooLong = $0 { tooLong += 1 }
      }
    }
    #expect(tooLong == 1)
  }
}
