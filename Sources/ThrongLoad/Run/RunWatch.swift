// What the coordinating thread waits for: its workers, and the wish to stop, by a signal or a call.

import CEpollShim
import Synchronization
import SystemPackage
import Throng

final class RunWatch: Sendable {
  let changed: SharedEvent
  private let signals: Signals?
  private let stopAsked = Atomic<Bool>(false)

  /// - Parameter watchingSignals: whether SIGINT, SIGTERM and SIGHUP stop the run. Blocks them in the
  ///   calling thread and in those that it starts, while the watch lives.
  init(watchingSignals: Bool) throws(Errno) {
    changed = SharedEvent(try EventDescriptor())
    signals = watchingSignals ? Signals(try SignalDescriptor(SignalDescriptor.wishesToEnd)) : nil
  }

  var isStopping: Bool { stopAsked.load(ordering: .acquiring) }

  /// Any thread.
  func stop() {
    stopAsked.store(true, ordering: .releasing)
    changed.signal()
  }

  /// Sleeps until something has changed, or until the time.
  /// - Returns: whether the run is to stop.
  func wait(until time: UInt64) -> Bool {
    let timeout = MonotonicTime(nanoseconds: time).pollTimeout(from: .now)
    let other = signals?.source.descriptor ?? -1
    let result = shim_poll_readable(changed.descriptor, other, timeout)
    if result > 0, result & 1 != 0 { changed.clear() }
    if result > 0, result & 2 != 0, signals?.source.next() != nil {
      stopAsked.store(true, ordering: .releasing)
    }
    return isStopping
  }
}

/// A descriptor that can be absent.
private final class Signals: Sendable {
  let source: SignalDescriptor

  init(_ source: consuming SignalDescriptor) { self.source = source }
}
