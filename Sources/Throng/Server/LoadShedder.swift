// Decides which new clients are refused because they have waited too long to be accepted: controlled delay, by
// the minimum and not the average, so that a short burst refuses no client (CoDel, RFC 8289). While the loop is
// overloaded, those that have come lately are served, as many as it can serve in short turns: their delay stays
// short, and the loop has enough to do. A value; one for each listener, under the lock of its server loop.

import LinuxSystem

struct LoadShedder: Sendable {
  /// Shorter waits are normal.
  let target: Duration
  /// How long every client must have waited longer before clients are refused, and how long none must have
  /// waited longer before they are no more.
  static let interval = Duration.milliseconds(100)

  /// Without a client for so long, what was known is forgotten.
  static let memory = Duration.seconds(1)

  private enum Load {
    case normal
    /// Each client has waited longer than the target since then.
    case rising(since: MonotonicTime)
    /// A client has last waited longer then.
    case overloaded(last: MonotonicTime)
  }

  private var load = Load.normal
  private var lastClient = MonotonicTime(nanoseconds: 0)
  /// Clients that are admitted in this turn, and how many may be.
  private var admitted = 0
  private var allowance = Int.max
  private var turnBegan = MonotonicTime(nanoseconds: 0)
  /// Clients wait because accepting is paused, which says nothing about the loop; until the queue is empty.
  private var isSuspended = false

  init(target: Duration) { self.target = target }

  /// The loop comes to accept clients. The kernel says how long a client has waited to within a few
  /// milliseconds (jiffies), in which more may come than the loop can serve in that time: while it is
  /// overloaded, what a turn has taken shows how many it can.
  mutating func beginTurn(now: MonotonicTime) {
    defer { (turnBegan, admitted) = (now, 0) }
    guard case .overloaded = load else { return allowance = .max }
    let duration = Duration.nanoseconds(Int64(now.nanoseconds - turnBegan.nanoseconds))
    if allowance == .max { allowance = admitted }
    allowance =
      duration > target * 2
      ? max(1, Int(Double(allowance) * (target * 2 / duration))) : allowance + 1
  }

  /// - Parameter delay: how long the client has waited in the accept queue.
  /// - Returns: whether it is refused.
  mutating func refuses(delay: Duration, now: MonotonicTime) -> Bool {
    let isRefused = isTooLate(delay, now) || admitted >= allowance
    if !isRefused { admitted += 1 }
    return isRefused
  }

  private mutating func isTooLate(_ delay: Duration, _ now: MonotonicTime) -> Bool {
    defer { lastClient = now }
    // Since the client came, the loop has been busy: the time without clients ended then.
    if isSuspended || lastClient + Self.memory + delay < now { load = .normal }
    guard delay > target, !isSuspended else {
      noteShortWait(now)
      return false
    }
    switch load {
    case .normal: load = .rising(since: now)
    case .rising(let since): if since + Self.interval <= now { load = .overloaded(last: now) }
    case .overloaded: load = .overloaded(last: now)
    }
    if case .overloaded = load { return true }
    return false
  }

  private mutating func noteShortWait(_ now: MonotonicTime) {
    if case .overloaded(let last) = load, now < last + Self.interval { return }
    load = .normal
  }

  /// Accepting is paused.
  mutating func suspend() { isSuspended = true }

  /// No client waits any more. That is so after each turn of a loop that accepts all clients at once, however
  /// long they have waited: it says nothing about the delay.
  mutating func noteEmptyQueue() { isSuspended = false }
}
