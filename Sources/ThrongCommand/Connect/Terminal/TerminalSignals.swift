// The signals that concern a terminal, as something to wait for beside it (signalfd(2)): its size, its
// end, stopping and going on.

import CEpollShim
import Glibc

/// While it lives, these signals are read from a descriptor. Used by the main thread, which must block
/// SIGINT and SIGTERM already (see `Interruption`).
struct TerminalSignals: ~Copyable {
  let descriptor: CInt
  /// What is blocked while there is an editor, and what is blocked while it is stopped.
  private let blocked: sigset_t
  private let blockedWhileStopped: sigset_t

  private static let watched = [SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH]

  init() throws(Failure) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in Self.watched { sigaddset(&signals, signal) }
    descriptor = shim_signalfd(&signals)
    guard descriptor >= 0 else { throw Failure("cannot watch for signals (raise ulimit -n)") }
    var mask = sigset_t()
    shim_block_signals(&signals, &mask)
    // Whoever started us may have had any of them blocked, which would be inherited.
    for signal in [SIGINT, SIGTERM, SIGTTOU] + Self.watched { sigdelset(&mask, signal) }
    blockedWhileStopped = mask
    for signal in [SIGINT, SIGTERM] + Self.watched { sigaddset(&mask, signal) }
    blocked = mask
  }

  deinit { _ = shim_close(descriptor) }

  /// The next signal that has come; nil when there is none.
  func next() -> CInt? {
    let signal = shim_signalfd_read(descriptor)
    return signal > 0 ? signal : nil
  }

  /// Signals have their usual effect during the body: a process that stops in it can still be ended.
  func whileUnblocked(_ body: () throws(Failure) -> Void) throws(Failure) {
    withUnsafePointer(to: blockedWhileStopped) { shim_restore_signals($0) }
    defer { withUnsafePointer(to: blocked) { shim_restore_signals($0) } }
    try body()
  }
}
