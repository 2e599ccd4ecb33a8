// Width and colours of an output. Values; any thread.

import Glibc

/// How text is laid out for standard output or standard error.
struct OutputStyle {
  let isTerminal: Bool
  /// Columns: those of the terminal, or 80.
  let width: Int
  /// Colours are for terminals, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one.
  let hasColours: Bool

  /// Neither a terminal nor colours.
  static let plain = OutputStyle(isTerminal: false, width: 80, hasColours: false)

  static var standardOutput: OutputStyle { OutputStyle(descriptor: STDOUT_FILENO) }
  static var standardError: OutputStyle { OutputStyle(descriptor: STDERR_FILENO) }

  init(isTerminal: Bool, width: Int, hasColours: Bool) {
    self.isTerminal = isTerminal
    self.width = width
    self.hasColours = hasColours
  }

  private init(descriptor: CInt) {
    isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    width = isKnown ? max(40, Int(size.ws_col)) : 80
    let variable = { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
    hasColours = isTerminal && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
  }

  // MARK: Colours (ECMA-48 SGR)

  func bold(_ text: String) -> String { coloured(text, 1) }
  func red(_ text: String) -> String { coloured(text, 31) }
  func yellow(_ text: String) -> String { coloured(text, 33) }

  private func coloured(_ text: String, _ code: Int) -> String {
    hasColours ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }

  // MARK: Columns

  /// Width of the titles of rows.
  static let titleWidth = 13

  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  /// A title and values with commas between them, in as many lines as the width asks for.
  func row(_ title: String, _ parts: [String]) -> [String] {
    let indent = String(repeating: " ", count: Self.titleWidth)
    var lines: [String] = []
    var line = title + String(repeating: " ", count: max(1, Self.titleWidth - title.count))
    var isEmpty = true
    for (index, part) in parts.enumerated() {
      let text = index < parts.count - 1 ? part + "," : part
      if !isEmpty, line.count + 1 + text.count > width {
        lines.append(line)
        line = indent
        isEmpty = true
      }
      line += isEmpty ? text : " " + text
      isEmpty = false
    }
    return lines + [line]
  }

  /// Columns with titles and rows of values, in as many blocks as the width asks for.
  func table(_ titles: [String], _ rows: [(title: String, cells: [String])], column: Int)
    -> [String]
  {
    let perBlock = max(1, (width - Self.titleWidth) / column)
    return stride(from: 0, to: titles.count, by: perBlock).flatMap { first in
      ([("", titles)] + rows).map { title, cells in
        title + String(repeating: " ", count: max(0, Self.titleWidth - title.count))
          + cells[first..<min(first + perBlock, cells.count)].map { Self.right($0, column) }
          .joined()
      }
    }
  }
}
