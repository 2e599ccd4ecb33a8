// The signal mask of the calling thread (pthread_sigmask(3)).

import CEpollShim

package struct SignalMask {
  package var set: sigset_t

  package init(_ signals: [CInt] = []) {
    set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
  }

  package static var allSignals: SignalMask {
    var mask = SignalMask()
    sigfillset(&mask.set)
    return mask
  }

  /// Adds the signals to those that are blocked.
  /// - Returns: the mask before.
  @discardableResult
  package func block() -> SignalMask {
    var before = SignalMask()
    withUnsafePointer(to: set) { shim_block_signals($0, &before.set) }
    return before
  }

  /// Makes this the mask of the thread.
  package func apply() { withUnsafePointer(to: set) { shim_restore_signals($0) } }

  package func adding(_ signals: [CInt]) -> SignalMask {
    var mask = self
    for signal in signals { sigaddset(&mask.set, signal) }
    return mask
  }

  package func removing(_ signals: [CInt]) -> SignalMask {
    var mask = self
    for signal in signals { sigdelset(&mask.set, signal) }
    return mask
  }
}
