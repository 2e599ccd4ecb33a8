// Decides whether new clients are refused because they wait too long to be accepted: controlled delay, by the
// minimum and not the average, so that a short burst refuses no client (CoDel, RFC 8289). A value; one for
// each listener, under the lock of its server loop.

import LinuxSystem

struct LoadShedder: Sendable {
  /// Shorter waits are normal.
  let target: Duration
  /// How long every client must have waited longer before clients are refused.
  static let interval = Duration.milliseconds(100)

  /// Since when each client has waited longer than the target.
  private var aboveSince: MonotonicTime?
  private var lastClient = MonotonicTime(nanoseconds: 0)
  /// Clients wait because accepting is paused, which says nothing about the loop; until the queue is empty.
  private var isSuspended = false

  init(target: Duration) { self.target = target }

  /// - Parameter delay: how long the client has waited in the accept queue.
  /// - Returns: whether it is refused.
  mutating func refuses(delay: Duration, now: MonotonicTime) -> Bool {
    // After a time without clients there is no evidence. An empty queue alone shows nothing: a loop that is
    // busy for long in each turn empties its queue in each.
    let isContinuous = now <= lastClient + delay + Self.interval
    lastClient = now
    guard delay > target, !isSuspended else {
      aboveSince = nil
      return false
    }
    guard isContinuous, let since = aboveSince else {
      aboveSince = now
      return false
    }
    return since + Self.interval <= now
  }

  /// Accepting is paused.
  mutating func suspend() { isSuspended = true }

  /// No client waits.
  mutating func noteEmptyQueue() { isSuspended = false }
}
