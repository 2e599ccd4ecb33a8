// Names of people and rooms: what one may look like, and which ones count as the same. Pure.

/// A valid name, and the key under which it is unique.
struct ChatName: Sendable, Equatable {
  /// As its owner wrote it.
  let text: String
  /// The same for names that differ in case alone, in how their marks are encoded, or that look alike.
  let key: String
  /// What else it looks like, because some of its letters look like others in capitals than they do in
  /// small; empty for almost every name.
  let moreKeys: [String]

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
    (key, moreKeys) = NameLikeness.keys(of: text)
    if !Self.reservedKeys.isDisjoint(with: keys) { throw .reserved }
  }

  /// A name belongs to who has it and all that look like it: one of these in common is enough.
  var keys: [String] { [key] + moreKeys }

  func isLike(_ other: ChatName) -> Bool { !Set(keys).isDisjoint(with: other.keys) }

  /// Marks on one letter.
  private static let stackedMarks = 2
  /// Names in the server's own sentences.
  private static let reservedKeys = Set(
    ["server", "you", "nobody"].map { NameLikeness.keys(of: $0).key })
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
