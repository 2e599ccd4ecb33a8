// The terminal behind a standard stream: its size, and whether it gets colours. Any thread.

import Glibc

enum Console {
  /// Columns of a line: those of the terminal, or 80 for a file.
  static func width(of descriptor: Int32) -> Int { size(of: descriptor).columns }

  /// - Returns: 24 rows of 80 columns when it does not say (ioctl_tty(2)).
  static func size(of descriptor: Int32) -> (rows: Int, columns: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
      return (24, 80)
    }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// Whether standard output gets colours: a terminal that has them, and no NO_COLOR
  /// (no-color.org).
  static var hasColors: Bool {
    let forbidden = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let isDumb = getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? true
    return isatty(STDOUT_FILENO) == 1 && !forbidden && !isDumb
  }
}
