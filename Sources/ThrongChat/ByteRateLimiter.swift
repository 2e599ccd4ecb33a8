// Limits the bytes per second of one client: a token bucket, stored as the time at which it is full
// again. A value; the time is passed in.

/// Limits the bytes received from a client and sent in reply. A client beyond the limit loses nothing:
/// the server suspends receiving from it, the TCP window fills, and the client waits.
///
/// It is applied before lines are parsed and also counts bytes that are not part of lines, such as telnet
/// commands. `LineRateLimiter` is applied to parsed lines.
struct ByteRateLimiter {
  typealias Instant = ContinuousClock.Instant
  typealias Rate = LineRateLimiter.Rate

  /// A receive counts as this many bytes at least: for short ones, the call costs more than the bytes.
  static let leastReceive = 64
  /// A client that sends little at a time is received from in few pieces.
  static let shortestWait = Duration.milliseconds(100)

  /// When the bucket is full.
  private var fullAt: Instant?

  /// Takes bytes out of the bucket.
  mutating func charge(_ bytes: Int, at now: Instant, _ rate: Rate) {
    guard let cost = rate.cost else { return }
    fullAt = max(fullAt ?? now, now) + cost * bytes
  }

  /// - Returns: how long nothing is received from the client; nil: it is within its limit.
  func wait(at now: Instant, _ rate: Rate) -> Duration? {
    guard let cost = rate.cost, let fullAt else { return nil }
    let excess = (fullAt - now) - cost * rate.burst
    return excess > .zero ? max(excess, Self.shortestWait) : nil
  }
}
