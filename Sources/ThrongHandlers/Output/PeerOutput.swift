// What a peer sends, on its way to standard output: as it came, or made safe for a terminal.

/// Prepares the data of one peer for standard output. Used by one task or thread at a time.
package struct PeerOutput {
  private var escaper: TerminalEscaper?

  /// - Parameter escaping: whether to escape what could control a terminal.
  package init(escaping: Bool = StandardOutput.isTerminal) {
    escaper = escaping ? TerminalEscaper() : nil
  }

  /// The bytes to write for those that have come.
  package mutating func take(_ bytes: some Collection<UInt8>) -> [UInt8] {
    escaper?.escape(bytes) ?? Array(bytes)
  }

  /// What was held back because the rest of a character might have come.
  package mutating func finish() -> [UInt8] { escaper?.finish() ?? [] }
}
