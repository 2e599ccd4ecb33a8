// `Bytes` as the text of a protocol.

import Testing
import Throng

extension AllTests {
  @Suite struct ByteTexts {
    @Test func interpolationJoinsBytesTextAndNumbers() {
      let name: Bytes = "key"
      let raw = Bytes([0xff, 0x00])
      let text: Bytes = "<\(name)|\(raw)|\(-12)|\(UInt64.max)|\("é")|\(name[1...])|\(true)>"
      #expect(
        Array(text) == Array("<key|".utf8) + [0xff, 0x00]
          + Array("|-12|18446744073709551615|é|ey|true>".utf8))
    }

    @Test func partsAreBytesThatBeginAtZero() {
      let bytes: Bytes = "abcdef"
      let part = bytes[2..<5]
      #expect(part == "cde" && part[0] == UInt8(ascii: "c"))
      #expect(bytes[3...] == "def" && bytes[..<2] == "ab" && bytes[...0] == "a")
      #expect(bytes.dropFirst() == "bcdef" && bytes.dropFirst(9) == "")
      #expect(bytes.dropLast(2) == "abcd" && bytes.dropLast(9) == "")
      #expect(bytes.prefix(2) == "ab" && bytes.prefix(9) == bytes)
      #expect(bytes.suffix(2) == "ef" && bytes.suffix(9) == bytes)
      #expect(bytes.split(separator: UInt8(ascii: "c")).map(\.text) == ["ab", "def"])
    }

    @Test func aPatternIsFoundWhereItFirstIs() {
      let bytes: Bytes = "a\r\r\n\r\n\r\n"
      #expect(bytes.firstRange(of: "\r\n\r\n") == 2..<6)
      #expect(bytes.firstRange(of: "\r\n", from: 3) == 4..<6)
      #expect(bytes.firstRange(of: "b") == nil && bytes.firstRange(of: "a", from: 1) == nil)
      #expect(bytes.firstRange(of: "\n\n") == nil && bytes.firstRange(of: "\n", from: 99) == nil)
      #expect(Bytes().firstRange(of: "a") == nil)
    }

    @Test func prefixesAreCutOff() {
      var rest: Bytes = "GET /a  b"
      #expect(rest.removePrefix(through: UInt8(ascii: " ")) == "GET" && rest == "/a  b")
      #expect(rest.removePrefix(through: UInt8(ascii: " ")) == "/a" && rest == " b")
      #expect(rest.removePrefix(through: UInt8(ascii: " ")) == "" && rest == "b")
      #expect(rest.removePrefix(through: UInt8(ascii: " ")) == nil && rest == "b")
      #expect(rest.removePrefix(through: UInt8(ascii: "b")) == "" && rest.isEmpty)
      #expect(rest.removePrefix(through: 0) == nil)
    }

    @Test func prefixesAndCase() {
      let bytes: Bytes = "Content-Length"
      #expect(bytes.hasPrefix("Content") && !bytes.hasPrefix("Content-Length-X"))
      #expect(bytes.hasSuffix("Length") && bytes.hasPrefix("") && bytes.hasSuffix(""))
      #expect(bytes.isEqualIgnoringASCIICase(to: "CONTENT-length"))
      let name: Bytes = "length"
      #expect(bytes.suffix(6).isEqualIgnoringASCIICase(to: name))
      #expect(bytes == "Content-Length" && bytes != "Content" && name != bytes)
      switch name {
      case "Length": Issue.record("the case differs")
      case "length": break
      default: Issue.record("the bytes are those of the text")
      }
      #expect(!bytes.isEqualIgnoringASCIICase(to: "content_length"))
      #expect(!Bytes("[").isEqualIgnoringASCIICase(to: "{"))
      #expect(bytes.lowercasedASCII() == "content-length")
    }

    @Test func onlyWholeIntegersThatFitAreIntegers() {
      #expect(Bytes("42").integer() == 42 && Bytes("-42").integer() == -42)
      #expect(Bytes("+7").integer() == 7 && Bytes("00").integer() == 0)
      for text in ["", "-", "+", "4 ", " 4", "4x", "--4", "9223372036854775808", "٣"] {
        #expect(Bytes(text).integer() == nil, "\(text)")
      }
      #expect(Bytes("-9223372036854775808").integer() == Int.min)
      #expect(Bytes("255").integer(as: UInt8.self) == 255)
      #expect(Bytes("256").integer(as: UInt8.self) == nil)
      #expect(Bytes("-1").integer(as: UInt8.self) == nil)
      #expect(Bytes("fF").integer(radix: 16) == 255 && Bytes("8").integer(radix: 8) == nil)
      #expect(Bytes("-128").integer(as: Int8.self, radix: 10) == -128)
    }

    @Test func anAdoptedArrayIsNotCopiedAndDoesNotChange() {
      var array = [UInt8](repeating: 7, count: 100)
      let address = array.withUnsafeBytes { $0.baseAddress }
      let bytes = Bytes(adopting: array)
      #expect(bytes.withUnsafeBytes { $0.baseAddress } == address)
      array[0] = 8
      #expect(bytes[0] == 7 && bytes.count == 100)
      #expect(Bytes(adopting: []).isEmpty)
    }
  }
}
