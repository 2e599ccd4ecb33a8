// Which letters may be in a name, and which of them together. Pure.

import LinuxSystem

/// What letters may be together in a name, told apart by their blocks: the standard library knows a
/// letter's category but not its script.
enum NameScript: Equatable {
  case latin, greek, cyrillic, armenian, hebrew, arabic, devanagari, thai, tibetan, myanmar,
    georgian
  case ethiopic
  /// What Chinese, Japanese and Korean are written with: one name may need several of them.
  case eastAsian
  /// Any other script is taken to be one with its block of 128.
  case block(UInt32)

  /// Nil for what is not a letter: digits, marks, hyphens.
  init?(of scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x41...0x5a, 0x61...0x7a: self = .latin
    case 0...0xbf: return nil
    case 0xc0...0x24f, 0x1e00...0x1eff: self = .latin
    case 0x370...0x3ff, 0x1f00...0x1fff: self = .greek
    case 0x400...0x52f: self = .cyrillic
    case let value: self = Self.others.first { $0.0.contains(value) }?.1 ?? .block(value / 128)
    }
  }

  private static let others: [(ClosedRange<UInt32>, NameScript)] = [
    (0x530...0x58f, .armenian), (0x590...0x5ff, .hebrew), (0x600...0x6ff, .arabic),
    (0x750...0x77f, .arabic), (0x870...0x8ff, .arabic), (0x900...0x97f, .devanagari),
    (0xa8e0...0xa8ff, .devanagari), (0xe00...0xe7f, .thai), (0xf00...0xfff, .tibetan),
    (0x1000...0x109f, .myanmar), (0x10a0...0x10ff, .georgian), (0x1c90...0x1cbf, .georgian),
    (0x1200...0x139f, .ethiopic),
    // Hangul, kana and bopomofo, Han; and what was added to them.
    (0x1100...0x11ff, .eastAsian), (0x3000...0x9fff, .eastAsian), (0xa960...0xa97f, .eastAsian),
    (0xac00...0xd7ff, .eastAsian), (0xf900...0xfaff, .eastAsian), (0x20000...0x3ffff, .eastAsian),
  ]

  static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return NameScript(of: scalar) != nil || ("0"..."9").contains(scalar) || scalar == "-"
        || scalar == "_"
    }
    guard !isImitation(scalar.value), !scalar.properties.isDefaultIgnorableCodePoint else {
      return false
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .otherLetter: return true
    default: return isMark(scalar)
    }
  }

  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    guard !scalar.isASCII else { return false }
    return [.nonspacingMark, .spacingMark].contains(scalar.properties.generalCategory)
  }

  /// Blocks of letters that are forms of others (phonetic, mathematical, full-width, ligatures) or that
  /// were drawn after Latin ones.
  private static func isImitation(_ value: UInt32) -> Bool {
    switch value {
    case 0x80...0xbf, 0x132...0x133, 0x138...0x140, 0x149: true
    // Latin of Romanian, Vietnamese and Pinyin.
    case 0x1a0...0x1a1, 0x1af...0x1b0, 0x1cd...0x1dc, 0x1f8...0x21b: false
    case 0x180...0x2ff: true
    case 0x13a0...0x13ff, 0x1d00...0x1dbf, 0x2000...0x2dff: true
    case 0xa4d0...0xa4ff, 0xa640...0xa7ff, 0xab30...0xabbf, 0xd800...0xf8ff: true
    case 0xfb00...0xffff: true
    case 0x10000...0x1ffff: true
    default: false
    }
  }
}
