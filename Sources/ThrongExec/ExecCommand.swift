// The program that serves a client, as a command line names it.

import Glibc
import LinuxSystem

/// A program and its arguments.
package struct ExecCommand: Equatable, Sendable {
  package let words: [String]

  /// Words between spaces; no character is special.
  /// - Returns: nil when there is no word.
  package init?(words text: String) {
    words = text.split(separator: " ").map(String.init)
    if words.isEmpty { return nil }
  }

  /// A script for sh(1).
  package init(shell script: String) { words = ["/bin/sh", "-c", script] }

  /// Whether the program can be executed now: under its path, or found through PATH.
  package var isExecutable: Bool {
    if words[0].contains("/") { return access(words[0], X_OK) == 0 }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").contains { access("\($0)/\(words[0])", X_OK) == 0 }
  }
}
