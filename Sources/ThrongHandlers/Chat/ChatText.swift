// Makes a stranger's line safe and fair to show to everybody else. Pure.

/// What a client wrote, as others may see it: one line of UTF-8 that moves no cursor, reorders nothing
/// and hides nothing.
///
/// - Bytes that are not UTF-8 become U+FFFD.
/// - Backspace and DEL erase the character before them, as a terminal in line mode would have done.
/// - Other control characters, and what is invisible or changes the direction of text, are shown as
///   escapes such as `\x1b` and `\u{202e}`. The joiners that emoji and some scripts need, and variation
///   selectors, stay.
/// - Of marks stacked on one character the first few stay.
///
/// The result has at most four times as many bytes.
enum ChatText {
  /// More than any language stacks.
  private static let stackedMarks = 6

  static func clean(_ line: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: line, as: UTF8.self)
    let isPlain = line.allSatisfy { (0x20...0x7e).contains($0) }
    return withoutTrailingSpace(isPlain ? text : cleanScalars(text))
  }

  private static func cleanScalars(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    var marks = 0
    for scalar in text.unicodeScalars {
      marks = isStacked(scalar) ? marks + 1 : 0
      if marks > stackedMarks { continue }
      switch scalar.value {
      case 0x08, 0x7f: _ = shown.popLast()
      case 0x09: shown.append(" ")
      case _ where isShowable(scalar): shown.append(scalar)
      default: shown.append(contentsOf: TerminalEscaper.escape(of: scalar).unicodeScalars)
      }
    }
    return String(shown)
  }

  private static func isStacked(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark, .format: true
    default: false
    }
  }

  private static func isShowable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7e: return true
    // Joiners and variation selectors.
    case 0x200c, 0x200d, 0xfe00...0xfe0f: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return !scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  private static func withoutTrailingSpace(_ text: String) -> String {
    guard let last = text.unicodeScalars.last, last.properties.isWhitespace else { return text }
    let rest = text.unicodeScalars.reversed().drop { $0.properties.isWhitespace }
    return String(String.UnicodeScalarView(rest.reversed()))
  }
}
