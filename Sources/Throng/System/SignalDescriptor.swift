// Signals read from a descriptor (signalfd(2)) instead of interrupting whatever runs. While it lives
// the signals are blocked in the thread that made it and in the threads that this one starts later;
// the mask from before comes back when it ends.

import CEpollShim
import SystemPackage

package struct SignalDescriptor: ~Copyable {
  package let descriptor: CInt
  private let maskBefore: sigset_t

  package init(_ signals: [CInt]) throws(Errno) {
    var set = sigset_t()
    var before = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    descriptor = try check(shim_signalfd(&set))
    shim_block_signals(&set, &before)
    maskBefore = before
  }

  deinit {
    var before = maskBefore
    while next() != nil {}
    shim_restore_signals(&before)
    _ = shim_close(descriptor)
  }

  /// The next pending signal, nil when there is none.
  package func next() -> CInt? {
    let signal = shim_signalfd_read(descriptor)
    return signal < 0 ? nil : signal
  }
}
