// Makes a client's line safe to show on the terminals of other clients. Pure.

import ThrongHandlers

/// What a client wrote, as others may see it: one line of UTF-8 that moves no cursor, reorders nothing
/// and hides nothing.
///
/// - Bytes that are not UTF-8 become U+FFFD.
/// - Backspace and DEL erase the character before them, with its marks, as a terminal in line mode would
///   have done.
/// - A run of blanks becomes one: as many as fill a terminal's line would move what follows to where a
///   line of the server or of another client begins.
/// - Other control characters, and what is invisible or changes the direction of text, are shown as
///   escapes such as `\x1b` and `\u{202e}`. The joiners that emoji and some scripts need, and variation
///   selectors, stay.
/// - Of marks stacked on one character the first few stay.
///
/// The result has at most four times as many bytes.
enum TextSanitizer {
  /// More than any language stacks.
  private static let stackedMarks = 6

  static func clean(_ line: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: line, as: UTF8.self)
    if isPlain(line) { return withoutTrailingBlank(text) }
    let erases = line.contains { $0 == 0x08 || $0 == 0x7f }
    return withoutTrailingBlank(cleanScalars(erases ? withoutErased(text) : text))
  }

  /// Whether a character looks like a space, or like several.
  static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x7e: false
    // Of braille, the cell without dots.
    case 0x09, 0x20, 0x2800: true
    default: scalar.properties.isWhitespace && isShowable(scalar)
    }
  }

  /// Printable ASCII without runs of spaces: the bulk, which stays as it is.
  private static func isPlain(_ line: UnsafeRawBufferPointer) -> Bool {
    var previous: UInt8 = 0
    for byte in line {
      guard (0x20...0x7e).contains(byte), byte != 0x20 || previous != 0x20 else { return false }
      previous = byte
    }
    return true
  }

  private static func withoutErased(_ text: String) -> String {
    var kept: [Character] = []
    for character in text {
      if character == "\u{8}" || character == "\u{7f}" {
        _ = kept.popLast()
      } else {
        kept.append(character)
      }
    }
    return String(kept)
  }

  private static func cleanScalars(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    var marks = 0
    var followsBlank = false
    for scalar in text.unicodeScalars {
      let isBlank = isBlank(scalar)
      // A joiner that has nothing to join would make two runs of one.
      if followsBlank, isBlank || isJoiner(scalar) { continue }
      followsBlank = isBlank
      marks = isStacked(scalar) ? marks + 1 : 0
      if marks > stackedMarks { continue }
      if scalar == "\t" {
        shown.append(" ")
      } else if isShowable(scalar) {
        shown.append(scalar)
      } else {
        shown.append(contentsOf: TerminalEscaper.escape(of: scalar).unicodeScalars)
      }
    }
    return String(shown)
  }

  /// Joiners and variation selectors.
  private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x200c, 0x200d, 0xfe00...0xfe0f: true
    default: false
    }
  }

  private static func isStacked(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark, .format: true
    default: false
    }
  }

  private static func isShowable(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20...0x7e).contains(scalar.value) || isJoiner(scalar) { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return !scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  private static func withoutTrailingBlank(_ text: String) -> String {
    guard let last = text.unicodeScalars.last, isBlank(last) else { return text }
    let rest = text.unicodeScalars.reversed().drop(while: isBlank)
    return String(String.UnicodeScalarView(rest.reversed()))
  }
}
