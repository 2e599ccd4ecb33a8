// What one client writes must not control, reorder or deceive the terminals of the others.

import Testing

@testable import ThrongChat

@Suite struct TextSanitizerTests {
  private func clean(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes(TextSanitizer.clean) }
  private func clean(_ text: String) -> String { clean(Array(text.utf8)) }

  @Test(arguments: [
    "hello", "Grüße, 世界", "🎉👨‍👩‍👧❤️", "नमस्ते", "می‌خواهم", " indented", "🇩🇪", "１　２", "a\u{a0}b", "a\u{301}",
  ])
  func textStaysAsItIs(text: String) { #expect(clean(text) == text) }

  @Test(arguments: [
    ("\u{1b}[2J\u{1b}[31mred", #"\x1b[2J\x1b[31mred"#), ("a\rb", #"a\rb"#), ("\u{7}", #"\x07"#),
    ("\u{9b}31m", #"\u{9b}31m"#), ("\u{202e}gpj", #"\u{202e}gpj"#), ("\u{0}", #"\x00"#),
    ("a\u{200b}b\u{feff}", #"a\u{200b}b\u{feff}"#), ("\u{2066}x\u{2069}", #"\u{2066}x\u{2069}"#),
    ("a\u{2028}b", #"a\u{2028}b"#), ("\u{3164}", #"\u{3164}"#), ("\u{e0041}", #"\u{e0041}"#),
    ("a\u{ad}b", #"a\u{ad}b"#), ("a\tb", "a b"), ("trailing \t  ", "trailing"), ("   ", ""),
  ])
  func whatIsNoTextIsShownAsWhatItIs(raw: String, shown: String) { #expect(clean(raw) == shown) }

  /// Blanks up to the width of a terminal would put what follows where a line begins.
  @Test(arguments: [
    ("a  b", "a b"), ("a" + String(repeating: " ", count: 70) + "<eve> hi", "a <eve> hi"),
    ("a \t b", "a b"), ("\t\ta", " a"), ("ä  b", "ä b"), ("a\u{a0}\u{a0} b", "a\u{a0}b"),
    ("a \u{3000}\u{3000}\u{2003}b", "a b"), ("a\u{2800}\u{2800}b", "a\u{2800}b"),
    ("a \u{200d} \u{fe0f} b", "a b"), ("a\u{2800} \u{2800}", "a"), ("a  \u{7f}b", "a b"),
    ("a b\u{8} c", "a c"),
  ])
  func aRunOfBlanksIsOne(raw: String, shown: String) { #expect(clean(raw) == shown) }

  @Test(
    arguments: [
      ([0x47, 0x72, 0xfc, 0xdf, 0x65], "Gr\u{fffd}\u{fffd}e"), ([0xff], "\u{fffd}"),
      ([0xed, 0xa0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"), ([0xf0, 0x9f, 0x98], "\u{fffd}"),
    ] as [([UInt8], String)])
  func whatIsNotUTF8IsReplaced(raw: [UInt8], shown: String) { #expect(clean(raw) == shown) }

  @Test(arguments: [
    ("helo\u{8}lo", "hello"), ("x\u{7f}\u{7f}\u{7f}ab", "ab"), ("Gü\u{7f}uten", "Guten"),
    ("ae\u{301}\u{8}", "a"), ("a\u{1b}\u{8}b", "ab"), ("a\u{202e}\u{7f}\u{7f}b", "b"),
    ("a👨‍👩‍👧\u{8}b", "ab"), ("\u{8}\u{8}a", "a"), ("é\u{8}\u{8}\u{8}ab", "ab"),
  ])
  func whatWasErasedIsGone(raw: String, shown: String) { #expect(clean(raw) == shown) }

  @Test func stackedMarksDoNotReachIntoOtherLines() {
    let tower = "a" + String(repeating: "\u{301}", count: 100) + "b"
    #expect(clean(tower).unicodeScalars.count == 8)
    let erased = "a" + String(repeating: "\u{301}\u{301}\u{301}x\u{8}", count: 60) + "b"
    #expect(clean(erased).unicodeScalars.count == 8)
    let joiners = "a" + String(repeating: "\u{200d}", count: 100) + "b"
    #expect(clean(joiners).unicodeScalars.count == 8)
  }

  /// What `clean` promises, for any bytes.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func anyBytesBecomeCleanText(seed: UInt64) {
    var generator = TestGenerator(seed: seed)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let shown = clean(bytes)
      let isClean = shown.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value)
      }
      #expect(isClean && shown.utf8.count <= 4 * bytes.count, "seed \(seed): \(bytes)")
    }
  }
}

/// The same numbers for the same seed (xorshift64).
struct TestGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
