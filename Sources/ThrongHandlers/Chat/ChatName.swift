// Names of people and rooms: what one may look like, and which ones count as the same. Pure.

/// A valid name, and the key under which it is unique.
struct ChatName: Sendable, Equatable {
  /// As its owner wrote it.
  let text: String
  /// The same for names that differ in case alone or that look alike.
  let key: String

  /// - Throws: ``NameFlaw``, which says what to change.
  init(_ text: String, maximumLength: Int) throws(NameFlaw) {
    let scalars = text.unicodeScalars
    guard let first = scalars.first else { throw .empty }
    if scalars.count > maximumLength { throw .tooLong(maximum: maximumLength) }
    var script: NameScript?
    var marks = 0
    for scalar in scalars {
      let isMark = NameScript.isMark(scalar)
      marks = isMark ? marks + 1 : 0
      guard NameScript.isAllowed(scalar), marks <= Self.stackedMarks else {
        throw .character(scalar)
      }
      guard !isMark, let own = NameScript(of: scalar) else { continue }
      if let script, script != own { throw .mixedScripts }
      script = own
    }
    guard NameScript(of: first) != nil, !NameScript.isMark(first) else { throw .noLetterFirst }
    self.text = text
    key = Self.key(of: text)
    if Self.reservedKeys.contains(key) { throw .reserved }
  }

  /// Marks on one letter.
  private static let stackedMarks = 2
  /// Names in the server's own sentences.
  private static let reservedKeys = Set(["server", "you", "nobody"].map(key(of:)))

  private static func key(of text: String) -> String {
    // Up and down again, as full case folding does: of ß and SS, of σ and ς.
    let folded = text.uppercased().lowercased()
    return String(String.UnicodeScalarView(folded.unicodeScalars.map { lookalikes[$0] ?? $0 }))
  }

  /// In either case: В and B look alike, so в and b count as one.
  private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = {
    let pairs: [(String, String)] = [
      ("01i", "oll"),
      ("авекмнорстухѕіјӏһԁԛԝёї", "abekmhopctyxsljlhdqwëï"),
      ("αβεζηικμνορτυχϲϳ", "abezhlkmnoptyxcj"),
    ]
    return Dictionary(
      uniqueKeysWithValues: pairs.flatMap { zip($0.0.unicodeScalars, $0.1.unicodeScalars) })
  }()
}

/// Why a name is refused.
enum NameFlaw: Error, Equatable {
  case empty, noLetterFirst, mixedScripts, reserved
  case tooLong(maximum: Int)
  case character(Unicode.Scalar)

  /// The remedy, as the end of a sentence that begins with what is named.
  var remedy: String {
    switch self {
    case .empty: "needs at least one letter."
    case .noLetterFirst: "begins with a letter."
    case .mixedScripts: "has letters of one script, because those of two may look alike."
    case .reserved: "is not one of the words that the server uses itself."
    case .tooLong(let maximum): "has at most \(maximum) characters."
    case .character(" "): "has no spaces in it."
    case .character(let scalar):
      "has only letters, digits, - and _: not \(Self.shown(scalar))."
    }
  }

  private static func shown(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .unassigned, .privateUse, .nonspacingMark, .enclosingMark,
      .spacingMark, .spaceSeparator:
      TerminalEscaper.escape(of: scalar)
    default: "'\(scalar)'"
    }
  }
}

/// The scripts whose letters look alike, told apart by their blocks: the standard library knows a
/// letter's category but not its script.
enum NameScript: Equatable {
  case latin, greek, cyrillic, other

  /// Nil for what is not a letter: digits, marks, hyphens.
  init?(of scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x41...0x5a, 0x61...0x7a: self = .latin
    case 0...0xbf: return nil
    case 0xc0...0x24f, 0x1e00...0x1eff: self = .latin
    case 0x370...0x3ff, 0x1f00...0x1fff: self = .greek
    case 0x400...0x52f: self = .cyrillic
    default: self = .other
    }
  }

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
