// Ctrl-C and SIGTERM as something that a client waits for beside its socket (signalfd(2)), so that
// the connection ends in order.

import CEpollShim
import Glibc
import SystemPackage

/// While it lives, SIGINT and SIGTERM are read from a descriptor. Used by the main thread.
struct Interruption: ~Copyable {
  /// A signal has come.
  struct Signalled: Error { let signal: CInt }

  let descriptor: CInt
  private let maskBefore: sigset_t

  init() throws(Failure) {
    var signals = sigset_t()
    var before = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    descriptor = shim_signalfd(&signals)
    guard descriptor >= 0 else { throw Failure("cannot watch for signals (raise ulimit -n)") }
    shim_block_signals(&signals, &before)
    maskBefore = before
  }

  deinit { _ = shim_close(descriptor) }

  /// The signals have the effect that they had before, which ends the process, during a call that may
  /// block.
  func whileUnwatched<Result>(
    _ body: () throws(Errno) -> Result
  ) throws(Errno) -> Result {
    var before = maskBefore
    var watched = sigset_t()
    pthread_sigmask(SIG_SETMASK, &before, &watched)
    defer { shim_restore_signals(&watched) }
    return try body()
  }
}
