// Names that cannot be mistaken for each other, and reasons that a person understands.

import Foundation
import Testing

@testable import ThrongChat

@Suite struct ChatNameTests {
  private func name(_ text: String) throws -> ChatName { try ChatName(text, maximumLength: 20) }

  @Test(arguments: [
    "ada", "Bob-2", "x_y", "Jürgen", "Ștefan", "Nguyễn", "Иван", "Ελένη", "太郎", "ひろし", "नेहा", "שרה",
    "안나", "あゆみ子", "Արամ", "ნინო", "ليلى", "สมชาย", "ሰላም", "அன்பு", "မြင့်",
  ])
  func namesOfManyLanguagesAreValid(text: String) throws {
    #expect(try name(text).text == text)
  }

  @Test(
    arguments: [
      ("", .empty), ("1ada", .noLetterFirst), ("-ada", .noLetterFirst), ("_", .noLetterFirst),
      ("\u{301}a", .noLetterFirst), ("a b", .character(" ")), ("/who", .character("/")),
      ("<ada>", .character("<")), ("ada\u{200b}", .character("\u{200b}")),
      ("\u{202e}ada", .character("\u{202e}")), ("a\u{301}\u{301}\u{301}", .character("\u{301}")),
      ("a\u{1b}", .character("\u{1b}")), ("ada🎉", .character("🎉")),
      ("\u{3164}", .character("\u{3164}")), ("server", .reserved), ("YOU", .reserved),
      ("aaaaaaaaaaaaaaaaaaaaa", .tooLong(maximum: 20)),
    ] as [(String, NameError)])
  func anInvalidNameIsRefusedWithAReasonWithoutControlCharacters(text: String, error: NameError) {
    #expect(throws: error) { try name(text) }
    let reply = ChatReplies.refused(nickname: error)
    #expect(reply.hasPrefix("-- A nickname ") && reply.hasSuffix(".\n"))
    #expect(reply.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x200b })
  }

  @Test(arguments: [
    ("ada", "ADA"), ("strasse", "Straße"), ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"), ("Иван", "ИВАН"),
    ("Jürgen", "Ju\u{308}rgen"),  // composed and decomposed
    ("\u{17f}am", "sam"),
  ])
  func namesThatDifferInCaseOrEncodingAreTheSame(one: String, other: String) throws {
    #expect(try name(one).key == name(other).key)
  }

  /// Every letter that may be in a name, however its marks are encoded.
  @Test func canonicallyEqualNamesAreTheSame() {
    var compared = 0
    for scalar in (UInt32(0)...0x2ffff).lazy.compactMap(Unicode.Scalar.init) {
      let composed = String(scalar)
      let decomposed = composed.decomposedStringWithCanonicalMapping
      guard !composed.unicodeScalars.elementsEqual(decomposed.unicodeScalars),
        let one = try? name("x" + composed), let other = try? name("x" + decomposed)
      else { continue }
      compared += 1
      #expect(one.key == other.key, "\(composed), U+\(String(scalar.value, radix: 16))")
    }
    #expect(compared > 400)
  }

  @Test(arguments: [
    ("ada", "adam"), ("u1", "u2"), ("ada", "adá"), ("太郎", "太朗"), ("mia", "mla"), ("dan", "đan"),
  ])
  func namesThatDifferStayApart(one: String, other: String) throws {
    #expect(try name(one).key != name(other).key)
  }
}
