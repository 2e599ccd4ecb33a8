// Signals read from a descriptor (signalfd(2)) instead of interrupting whatever runs. While it lives
// the signals are blocked in the thread that made it and in the threads that this one starts later;
// the mask from before comes back when it ends.

import CEpollShim
import SystemPackage

package struct SignalDescriptor: ~Copyable {
  package let descriptor: CInt
  /// The mask of the thread before.
  package let maskBefore: SignalMask

  /// SIGINT, SIGTERM, and SIGHUP, which comes when the terminal or its connection is lost: unless it is
  /// ignored, as under nohup(1), which a blocked signal would not be.
  package static var wishesToEnd: [CInt] {
    shim_ignores_signal(SIGHUP) == 0 ? [SIGINT, SIGTERM, SIGHUP] : [SIGINT, SIGTERM]
  }

  package init(_ signals: [CInt]) throws(Errno) {
    let mask = SignalMask(signals)
    descriptor = try check(withUnsafePointer(to: mask.set) { shim_signalfd($0) })
    maskBefore = mask.block()
  }

  deinit {
    while next() != nil {}
    maskBefore.apply()
    _ = shim_close(descriptor)
  }

  /// The next pending signal, nil when there is none.
  package func next() -> CInt? {
    let signal = shim_signalfd_read(descriptor)
    return signal < 0 ? nil : signal
  }
}
