// The signals that concern a terminal, as something to wait for beside it (signalfd(2)): its size, its
// end, stopping and going on.

import Glibc
import LinuxSystem
import SystemPackage

/// While it lives, these signals are read from a descriptor. Used by the main thread, which must block
/// SIGINT and SIGTERM already (see `Interruption`).
struct TerminalSignals: ~Copyable {
  private let signals: SignalDescriptor
  /// What is blocked while there is an editor, and what is blocked while it is stopped.
  private let blocked: SignalMask
  private let blockedWhileStopped: SignalMask

  private static let watched = [SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH]

  init() throws(TerminalClientError) {
    do {
      signals = try SignalDescriptor(Self.watched)
    } catch {
      throw TerminalClientError("cannot watch for signals (raise ulimit -n)")
    }
    // The parent process may have had any of them blocked, which is inherited.
    blockedWhileStopped = signals.maskBefore.removing([SIGINT, SIGTERM, SIGTTOU] + Self.watched)
    blocked = blockedWhileStopped.adding([SIGINT, SIGTERM] + Self.watched)
  }

  /// Readable when a signal has come.
  var descriptor: CInt { signals.descriptor }

  /// The next signal that has come; nil when there is none.
  func next() -> CInt? { signals.next() }

  /// Signals have their usual effect during the body: a process that stops in it can still be ended.
  func whileUnblocked(_ body: () throws(TerminalClientError) -> Void) throws(TerminalClientError) {
    blockedWhileStopped.apply()
    defer { blocked.apply() }
    try body()
  }
}
