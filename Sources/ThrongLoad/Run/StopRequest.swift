// Requests to stop a benchmark or a comparison, by SIGINT, SIGTERM or SIGHUP, or by a call; and the wait of
// the coordinating thread for them and for news from its load threads. Only that thread waits.

import LinuxSystem
import Synchronization
import SystemPackage
import Throng

/// Counts stop requests and wakes the thread that waits for them.
package final class StopRequest: Sendable {
  /// Signalled by `stop`, and by load threads that have news.
  let changed: SharedEvent
  private let signals: Signals?
  private let requests = Atomic<Int>(0)

  /// - Parameter watchingSignals: whether the signals request a stop. They stay blocked in the calling
  ///   thread and the threads it starts while this object lives.
  package init(watchingSignals: Bool) throws(Errno) {
    changed = SharedEvent(try Waker())
    signals = watchingSignals ? Signals(try SignalDescriptor(SignalDescriptor.wishesToEnd)) : nil
  }

  /// Requests a stop. Any thread.
  package func stop() {
    requests.wrappingAdd(1, ordering: .releasing)
    changed.signal()
  }

  /// Number of requests; two mean an immediate stop.
  package var count: Int {
    while signals?.source.next() != nil { requests.wrappingAdd(1, ordering: .releasing) }
    return requests.load(ordering: .acquiring)
  }

  /// Whether a stop was requested.
  package var isRequested: Bool { count > 0 }

  /// Descriptors that become readable on a request.
  package var descriptors: [CInt] {
    [changed.descriptor] + (signals.map { [$0.source.descriptor] } ?? [])
  }

  /// Consumes the event after a wait.
  package func clear() { changed.clear() }

  /// Longest wait in one poll(2), in nanoseconds. A load thread whose write to the eventfd fails wakes
  /// nothing; its news is then seen after this time.
  private static let longestWait: UInt64 = 100_000_000

  /// Waits for news until a time, and returns now and then without any.
  /// - Returns: whether a stop was requested.
  func wait(until time: UInt64) -> Bool {
    let now = MonotonicTime.now
    let end = MonotonicTime(nanoseconds: min(time, now.nanoseconds + Self.longestWait))
    let timeout = end.pollTimeout(from: now)
    let other = signals?.source.descriptor ?? -1
    let readable = try? Poll.readable(changed.descriptor, other, milliseconds: timeout)
    if readable?.isEmpty == false { clear() }
    return isRequested
  }
}

/// An event that several threads signal and one thread waits for.
final class SharedEvent: Sendable {
  private let event: Waker

  init(_ event: consuming Waker) { self.event = event }

  var descriptor: CInt { event.descriptor }
  func signal() { event.signal() }
  func clear() { event.clear() }
}

/// An optional signal descriptor.
private final class Signals: Sendable {
  let source: SignalDescriptor

  init(_ source: consuming SignalDescriptor) { self.source = source }
}
