// Standard error: everything that is not data.

import Glibc

enum StandardError {
  /// Writes a line in one call, so that the lines of several threads do not mix.
  static func write(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
