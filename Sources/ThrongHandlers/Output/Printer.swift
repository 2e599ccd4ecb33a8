// Prints what one peer sends, for as long as standard output takes it. Owned by one connection.

import Logging
import Synchronization
import Throng

/// Prints the bytes of one connection on standard output and never fails: the first bytes that
/// standard output does not take are reported in the log.
struct Printer {
  private var output = PeerOutput()
  private static let hasFailed = Atomic(false)

  mutating func print(_ bytes: Bytes) { attempt { try output.write(bytes) } }

  mutating func finish() { attempt { try output.finish() } }

  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      guard !Self.hasFailed.exchange(true, ordering: .relaxed) else { return }
      Logger(label: "throng").warning(
        "cannot print what clients send: standard output: \(error) (clients are served all the same)"
      )
    }
  }
}
