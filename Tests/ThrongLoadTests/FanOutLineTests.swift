// Fan-out lines: how they are recognized, and that every changed byte is detected.

import Testing

@testable import ThrongLoad

@Suite struct FanOutLineTests {
  private let lines = FanOutLineCodec(size: 100, seed: 7, run: 0xab, verifies: true)

  private func line(_ number: Int, _ kind: FanOutLineCodec.Kind = .message) -> [UInt8] {
    var bytes: [UInt8] = []
    lines.append(kind, number, to: &bytes)
    return bytes
  }

  /// Decodes a line without its newline.
  private func content(_ line: [UInt8], hint: Int = 0) -> FanOutLineCodec.Content? {
    line.withUnsafeBytes { bytes in
      lines.offset(in: bytes, hint: hint).map {
        lines.content(UnsafeRawBufferPointer(rebasing: bytes[$0...]))
      }
    }
  }

  @Test func aLineHasTheRequestedSizeAndIsPrintable() {
    for number in [1, 42, 9_999_999_999] {
      let bytes = line(number)
      #expect(bytes.count == 100 && bytes.last == UInt8(ascii: "\n"))
      #expect(bytes.dropLast().allSatisfy { (0x21...0x7e).contains($0) })
      #expect(content(bytes.dropLast()) == .message(number))
    }
    #expect(String(decoding: line(42).prefix(29), as: UTF8.self) == "throng-000000ab-m-0000000042-")
  }

  @Test(arguments: ["", "alice: ", "<t> th throng-", "throng-000000ac-m-"])
  func theMarkerIsFoundBehindAnyPrefix(prefix: String) {
    let text = Array(prefix.utf8) + line(5).dropLast()
    for hint in [0, prefix.utf8.count, 3, 200] { #expect(content(text, hint: hint) == .message(5)) }
  }

  @Test(arguments: ["", "hello", "throng-", "throng-000000ac-m-0000000001-", "throng-000000a"])
  func aLineWithoutMarkerIsIgnored(text: String) { #expect(content(Array(text.utf8)) == nil) }

  @Test func probesAreRecognized() { #expect(content(line(3, .probe).dropLast()) == .probe) }

  @Test func everyChangedByteIsDetected() {
    let right = Array(line(12_345).dropLast())
    for index in right.indices {
      var wrong = right
      wrong[index] ^= 0x80
      #expect(content(wrong) != .message(12_345), "offset \(index)")
      wrong.remove(at: index)
      #expect(content(wrong) != .message(12_345), "without offset \(index)")
    }
  }

  @Test func neighboursHaveDifferentPatterns() {
    #expect(line(1).suffix(40) != line(2).suffix(40))
    #expect(line(1) == line(1))
  }

  @Test func runIdentifiersDiffer() { #expect(FanOutLineCodec.newRun != FanOutLineCodec.newRun) }
}
