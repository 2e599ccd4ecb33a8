// How many bytes one client may make the server handle: a token bucket in bytes, kept as the time at
// which it is full again. A value; the time is passed in.

/// Limits the bytes that are received from a client and answered to it. A client beyond its budget loses
/// nothing: the server stops receiving from it for a while, TCP's window fills, and the client waits.
///
/// The flood gate judges lines, so it stands behind the code that finds them. This budget is judged
/// before that, and also counts what is no line, such as telnet's commands.
struct ByteBudget {
  typealias Instant = ContinuousClock.Instant
  typealias Pace = FloodGate.Pace

  /// A receive counts as this many bytes at least: for short ones, the call costs more than the bytes.
  static let leastReceive = 64
  /// A client that sends little at a time is received from in few pieces.
  static let shortestWait = Duration.milliseconds(100)

  /// When the bucket is full.
  private var fullAt: Instant?

  /// Takes bytes out of the bucket.
  mutating func charge(_ bytes: Int, at now: Instant, _ pace: Pace) {
    guard let cost = pace.cost else { return }
    fullAt = max(fullAt ?? now, now) + cost * bytes
  }

  /// - Returns: how long nothing is received from the client; nil: it is within its budget.
  func wait(at now: Instant, _ pace: Pace) -> Duration? {
    guard let cost = pace.cost, let fullAt else { return nil }
    let excess = (fullAt - now) - cost * pace.burst
    return excess > .zero ? max(excess, Self.shortestWait) : nil
  }
}
