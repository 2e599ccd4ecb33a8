// Decides whether new clients are refused because they wait too long to be accepted: controlled delay, by the
// minimum and not the average, so that a short burst refuses no client (CoDel, RFC 8289). A value; one for
// each listener, under the lock of its server loop.

import LinuxSystem

struct LoadShedder: Sendable {
  /// Shorter waits are normal.
  let target: Duration
  /// How long every client must have waited longer before clients are refused.
  static let interval = Duration.milliseconds(100)

  /// Without a client for so long, what was known is forgotten.
  static let memory = Duration.seconds(1)

  /// Since when each client has waited longer than the target.
  private var aboveSince: MonotonicTime?
  private var lastClient = MonotonicTime(nanoseconds: 0)
  /// Clients wait because accepting is paused, which says nothing about the loop; until the queue is empty.
  private var isSuspended = false

  init(target: Duration) { self.target = target }

  /// - Parameter delay: how long the client has waited in the accept queue.
  /// - Returns: whether it is refused.
  mutating func refuses(delay: Duration, now: MonotonicTime) -> Bool {
    defer { lastClient = now }
    // Since the client came, the loop has been busy: the time without clients ended then.
    if lastClient + Self.memory + delay < now { aboveSince = nil }
    guard delay > target, !isSuspended else {
      aboveSince = nil
      return false
    }
    guard let since = aboveSince else {
      aboveSince = now
      return false
    }
    return since + Self.interval <= now
  }

  /// Accepting is paused.
  mutating func suspend() { isSuspended = true }

  /// No client waits any more. That is so after each turn of a loop that accepts all clients at once, however
  /// long they have waited: it says nothing about the delay.
  mutating func noteEmptyQueue() { isSuspended = false }
}
