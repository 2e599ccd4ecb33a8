// What a peer sends, on its way to standard output: as it came, or made safe for a terminal.

import SystemPackage

/// Standard output for the data of one peer. Used by one task or thread at a time.
package struct PeerOutput {
  private var escaper: TerminalEscaper?

  /// - Parameter escaping: whether to escape what could control a terminal.
  package init(escaping: Bool = StandardOutput.isTerminal) {
    escaper = escaping ? TerminalEscaper() : nil
  }

  package mutating func write(_ bytes: some Collection<UInt8>) throws(Errno) {
    try StandardOutput.write(escaper?.escape(bytes) ?? Array(bytes))
  }

  /// Writes what was held back because the rest of a character might have come.
  package mutating func finish() throws(Errno) {
    if let rest = escaper?.finish() { try StandardOutput.write(rest) }
  }
}
