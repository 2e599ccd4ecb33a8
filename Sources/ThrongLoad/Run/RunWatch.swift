// Wait of the coordinating thread: for news from its load threads, and for a request to stop, by a
// signal or a call.

import CEpollShim
import Synchronization
import SystemPackage
import Throng

final class RunWatch: Sendable {
  let changed: SharedEvent
  private let signals: Signals?
  private let stopAsked = Atomic<Bool>(false)

  /// - Parameter watchingSignals: whether SIGINT, SIGTERM and SIGHUP stop the benchmark. They stay
  ///   blocked in the calling thread and the threads it starts while this object lives.
  init(watchingSignals: Bool) throws(Errno) {
    changed = SharedEvent(try EventDescriptor())
    signals = watchingSignals ? Signals(try SignalDescriptor(SignalDescriptor.wishesToEnd)) : nil
  }

  var isStopping: Bool { stopAsked.load(ordering: .acquiring) }

  /// Requests a stop. Any thread.
  func stop() {
    stopAsked.store(true, ordering: .releasing)
    changed.signal()
  }

  /// Waits for news until a time.
  /// - Returns: whether a stop was requested.
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

/// An optional signal descriptor.
private final class Signals: Sendable {
  let source: SignalDescriptor

  init(_ source: consuming SignalDescriptor) { self.source = source }
}
