// A width that is too small would let a row wrap and tear.

import Testing

@testable import TerminalClient

@Suite struct CharacterWidthTests {
  @Test(
    arguments: [
      ("a", 1), ("~", 1), ("ü", 1), ("e\u{301}", 1), ("я", 1), ("\u{ad}", 1), ("…", 1), ("─", 1),
      ("世", 2), ("。", 2), ("あ", 2), ("カ", 2), ("ｶ", 1), ("Ａ", 2), ("한", 2), ("각", 2),
      ("\u{1112}\u{1161}\u{11ab}", 2), ("\u{20000}", 2), ("가", 2), ("　", 2),
      ("🎉", 2), ("❤", 1), ("❤\u{fe0f}", 2), ("✅", 2), ("🇩🇪", 2), ("⌚", 2), ("🀄", 2),
      ("\u{301}", 0), ("\u{200b}", 0), ("\u{feff}", 0), ("ก\u{e49}", 1), ("क\u{94d}", 1),
    ] as [(Character, Int)])
  func aCharacterHasTheWidthOfItsCells(character: Character, columns: Int) {
    #expect(character.columns == columns)
  }

  @Test(arguments: ["👩‍👩‍👧", "👍🏽", "1\u{fe0f}\u{20e3}"] as [Character])
  func whereTerminalsDisagreeItIsNotTooSmall(character: Character) {
    #expect(character.columns >= 2)
  }
}
