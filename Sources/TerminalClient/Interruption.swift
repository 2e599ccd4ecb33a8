// Ctrl-C and SIGTERM as something that a client waits for beside its socket (signalfd(2)), so that
// the connection ends in order.

import Glibc
import LinuxSystem
import SystemPackage

/// While it lives, SIGINT and SIGTERM are read from a descriptor. Used by the main thread.
package struct Interruption: ~Copyable {
  /// A signal has come.
  package struct Signalled: Error { package let signal: CInt }

  private let signals: SignalDescriptor

  package init() throws(TerminalClientError) {
    do {
      signals = try SignalDescriptor([SIGINT, SIGTERM])
    } catch {
      throw TerminalClientError("cannot watch for signals (raise ulimit -n)")
    }
  }

  /// Readable when a signal has come.
  var descriptor: CInt { signals.descriptor }

  /// The next signal that has come; nil when there is none.
  func next() -> CInt? { signals.next() }

  /// The signals have the effect that they had before, which ends the process, during a call that may
  /// block.
  func whileUnwatched<Result>(
    _ body: () throws(Errno) -> Result
  ) throws(Errno) -> Result {
    signals.maskBefore.apply()
    defer { SignalMask([SIGINT, SIGTERM]).block() }
    return try body()
  }
}
