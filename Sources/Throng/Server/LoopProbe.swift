// Measures how long a loop takes to handle a wakeup: what an event waits, too, when a handler blocks the
// loop's thread. Any thread begins a measurement; the loop ends it.

import LinuxSystem
import Synchronization

final class LoopProbe: Sendable {
  /// When the wakeup that is not handled yet was sent, in nanoseconds; 0: there is none.
  private let sentAt = Atomic<UInt64>(0)
  private let lastDelay = Atomic<UInt64>(0)

  /// - Returns: whether the loop is to be woken; false while it owes an earlier answer.
  func begin(now: MonotonicTime) -> Bool {
    sentAt.compareExchange(expected: 0, desired: now.nanoseconds, ordering: .relaxed).exchanged
  }

  /// The loop handles a wakeup.
  func end() {
    let sent = sentAt.load(ordering: .relaxed)
    guard sent != 0 else { return }
    let now = MonotonicTime.now.nanoseconds
    lastDelay.store(now > sent ? now - sent : 0, ordering: .relaxed)
    sentAt.store(0, ordering: .relaxed)
  }

  /// What the last wakeup has taken, or what the present one has taken so far, if that is longer.
  func delay(now: MonotonicTime) -> Duration {
    let sent = sentAt.load(ordering: .relaxed)
    let pending = sent != 0 && now.nanoseconds > sent ? now.nanoseconds - sent : 0
    return .nanoseconds(Int64(clamping: max(pending, lastDelay.load(ordering: .relaxed))))
  }
}
