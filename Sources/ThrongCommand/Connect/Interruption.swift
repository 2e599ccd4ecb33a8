// Ctrl-C and SIGTERM as something that a client waits for beside its socket (signalfd(2)), so that
// the connection ends in order.

import CEpollShim
import Glibc

/// While it lives, SIGINT and SIGTERM are read from a descriptor. Used by the main thread.
struct Interruption: ~Copyable {
  /// A signal has come.
  struct Signalled: Error { let signal: CInt }

  let descriptor: CInt

  init() throws(Failure) {
    var signals = sigset_t()
    var before = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    descriptor = shim_signalfd(&signals)
    guard descriptor >= 0 else { throw Failure("cannot watch for signals (raise ulimit -n)") }
    shim_block_signals(&signals, &before)
  }

  deinit { _ = shim_close(descriptor) }
}
