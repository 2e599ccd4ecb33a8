// Names that cannot be mistaken for each other, and reasons that a person understands.

import LinuxSystem
import Foundation
import Testing

@testable import ThrongHandlers

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
      ("a b", .character(" ")), ("/who", .character("/")), ("<ada>", .character("<")),
      ("ada\u{200b}", .character("\u{200b}")), ("\u{202e}ada", .character("\u{202e}")),
      ("a\u{301}\u{301}\u{301}", .character("\u{301}")), ("ａｄａ", .character("ａ")),
      ("𝐚da", .character("𝐚")), ("a\u{1b}", .character("\u{1b}")), ("ada🎉", .character("🎉")),
      ("\u{3164}", .character("\u{3164}")), ("аda", .mixedScripts), ("adα", .mixedScripts),
      ("օאก", .mixedScripts), ("平ひก", .mixedScripts), ("אل", .mixedScripts),
      ("கক", .mixedScripts), ("γου", .reserved),
      ("server", .reserved), ("YOU", .reserved), ("aaaaaaaaaaaaaaaaaaaaa", .tooLong(maximum: 20)),
    ] as [(String, NameFlaw)])
  func aFlawIsNamedWithItsRemedy(text: String, flaw: NameFlaw) {
    #expect(throws: flaw) { try name(text) }
    #expect(flaw.remedy.hasSuffix("."))
    #expect(flaw.remedy.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x200b })
  }

  @Test(arguments: [
    ("ada", "ADA"), ("strasse", "Straße"), ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"), ("Иван", "ИВАН"),
    ("Jürgen", "Ju\u{308}rgen"),  // composed and decomposed
    ("BOB", "ВОВ"), ("cop", "сор"), ("Ada-1", "ada-l"), ("mIa", "mla"), ("b0b", "bob"),
    ("\u{3f2}ορ", "cop"), ("\u{17f}am", "sam"), ("zoï", "zoi\u{308}"), ("сїр", "cïp"),
    ("Ðan", "Đan"), ("đan", "ðan"), ("ινο", "ivo"), ("ΙΝΟ", "ino"), ("Νινο", "Nivo"),
    ("Νίκος", "νίκος"), ("υνα", "uva"), ("ΥΝΑ", "yna"), ("γα", "ya"), ("ωνο", "wvo"),
    ("\u{1fb3}\u{301}", "α\u{301}\u{345}"), ("α\u{345}\u{301}", "\u{1fb4}"),
    ("ПОП", "ΠΟΠ"), ("ѵор", "vop"),
  ])
  func namesThatLookAlikeAreTheSame(one: String, other: String) throws {
    #expect(try name(one).isLike(name(other)) && name(other).isLike(name(one)))
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
    ("ada", "adam"), ("u1", "u2"), ("r10", "r100"), ("ada", "adá"), ("太郎", "太朗"),
    ("ivo", "ino"), ("dan", "đan"), ("Νίκος", "Πέτρος"),
  ])
  func namesThatDifferStayApart(one: String, other: String) throws {
    #expect(try !name(one).isLike(name(other)))
  }

  /// 10,000 names with numbers, such as load generators give, are 10,000 names.
  @Test func numberedNamesStayApart() throws {
    let keys = try Set((0..<10_000).map { try ChatNameTests.key("user\($0)") })
    #expect(keys.count == 10_000)
  }

  private static func key(_ text: String) throws -> String {
    try ChatName(text, maximumLength: 20).key
  }
}
