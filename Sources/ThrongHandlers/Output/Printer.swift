// Prints what one peer sends, as far as standard output takes it. Owned by one connection.

import Logging
import Synchronization
import Throng

/// Prints the bytes of one connection on standard output. Never blocks and never fails: what does not fit
/// into the queue of standard output is dropped, and the log says so.
struct Printer {
  private var escaper = TerminalEscaper(isEnabled: StandardOutput.isTerminal)
  private static let hasFailed = Atomic(false)
  private static let dropLog = LogLimiter()

  /// Opens standard output, which later there may be no descriptor for.
  static func prepare() { _ = StandardOutput.queue }

  mutating func print(_ bytes: Bytes) { put(escaper.escape(bytes)) }

  mutating func finish() { put(escaper.finish()) }

  private func put(_ bytes: [UInt8]) {
    if bytes.isEmpty { return }
    switch StandardOutput.queue.write(bytes) {
    case .accepted(after: nil), .dropped(isFirst: false): break
    case .accepted(after: let dropped?):
      Self.dropLog.log(
        .notice, Self.log,
        "standard output is read again; \(dropped.bytes) bytes that clients sent were not printed")
    case .dropped(isFirst: true):
      Self.dropLog.log(
        .warning, Self.log,
        "standard output is not read: what clients send is not printed (they are served all the same)"
      )
    case .failed(let error):
      guard !Self.hasFailed.exchange(true, ordering: .relaxed) else { return }
      Self.log.warning(
        "cannot print what clients send: standard output: \(error) (clients are served all the same)"
      )
    }
  }

  private static var log: Logger { Logger(label: "throng") }
}
