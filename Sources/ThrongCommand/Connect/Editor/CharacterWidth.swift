// How many columns of a terminal a character takes. Pure.
//
// Not wcwidth(3): its answer depends on the locale, and in the C locale it knows ASCII alone. Where
// terminals disagree (families joined of several emoji, skin tones), this is the larger answer: the
// screen is drawn so that too large is harmless (see `Screen`).

extension Character {
  /// 0, 1 or 2 for nearly all; control characters are none of its business.
  var columns: Int {
    if isASCII { return 1 }
    let sum = unicodeScalars.reduce(0) { $0 + $1.columns }
    // The selector asks for the picture of a character that also has a text form.
    let isPicture = unicodeScalars.contains("\u{fe0f}")
    return isPicture ? max(2, sum) : sum
  }
}

extension Unicode.Scalar {
  fileprivate var columns: Int {
    if value < 0x300 { return 1 }
    if isRegionalIndicator { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if isInnerJamo { return 0 }
    return isWide || properties.isEmojiPresentation ? 2 : 1
  }

  /// Two of them make a flag.
  private var isRegionalIndicator: Bool { (0x1f1e6...0x1f1ff).contains(value) }

  /// Vowels and final consonants, drawn into the cell of the consonant before.
  private var isInnerJamo: Bool {
    (0x1160...0x11ff).contains(value) || (0xd7b0...0xd7ff).contains(value)
  }

  private var isWide: Bool { Self.wideRanges.contains { $0.contains(value) } }

  /// East Asian Width W and F (Unicode Standard Annex 11) without emoji, which the standard library
  /// knows; unassigned gaps within a block are counted with it.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x3247, 0x3250...0x4dbf,
    0x4e00...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19,
    0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x18dff, 0x1aff0...0x1b2ff,
    0x1f200...0x1f265, 0x20000...0x3fffd,
  ]
}
