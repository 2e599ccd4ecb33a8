// Names of clients and rooms: which are valid, and which count as the same. Pure.

import ThrongHandlers

/// A valid name, and the key under which it is unique.
struct ChatName: Sendable, Equatable {
  /// As its owner wrote it.
  let text: String
  /// The same for names that differ only in case or in how their marks are encoded.
  let key: String

  /// - Throws: ``NameError``, which says what to change.
  init(_ text: String, maximumLength: Int) throws(NameError) {
    let scalars = text.unicodeScalars
    guard let first = scalars.first else { throw .empty }
    if scalars.count > maximumLength { throw .tooLong(maximum: maximumLength) }
    var marks = 0
    for scalar in scalars {
      marks = Self.isMark(scalar) ? marks + 1 : 0
      guard Self.isAllowed(scalar), marks <= Self.stackedMarks else { throw .character(scalar) }
    }
    guard Self.isLetter(first) else { throw .noLetterFirst }
    self.text = text
    // Up and down again, as full case folding does: for ß and SS, and for σ and ς.
    key = text.uppercased().lowercased()
    if Self.reserved.contains(key) { throw .reserved }
  }

  /// Combining marks on one letter.
  private static let stackedMarks = 2
  /// Words that the server uses in its own lines.
  private static let reserved: Set<String> = ["server", "you", "nobody"]

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "-" || scalar == "_" { return true }
    guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
    return isLetter(scalar) || isMark(scalar)
      || scalar.properties.generalCategory == .decimalNumber
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter: true
    default: false
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    [.nonspacingMark, .spacingMark].contains(scalar.properties.generalCategory)
  }
}

/// Why a name is refused.
enum NameError: Error, Equatable {
  case empty, noLetterFirst, reserved
  case tooLong(maximum: Int)
  case character(Unicode.Scalar)
}
