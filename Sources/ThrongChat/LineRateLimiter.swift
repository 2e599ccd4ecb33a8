// Limits the lines per second of one client: a token bucket, stored as the time at which it is full
// again. A value; the time is passed in.

/// Admits lines at a rate with bursts. A client beyond the burst is warned once and then paused until the
/// bucket is full. Other input that the server replies to counts like a line.
struct LineRateLimiter {
  enum Decision: Equatable {
    case pass
    /// The line passes, and the client is warned.
    case passWithWarning
    /// The line is dropped, and so is what follows for this long.
    case pause(Duration)
    case drop
  }

  typealias Instant = ContinuousClock.Instant

  /// The same for all clients, so that a client's own state is small.
  struct Rate {
    /// Time per line; nil for no limit.
    let cost: Duration?
    let burst: Int

    init(rate: Int?, burst: Int) {
      cost = rate.map { .seconds(1) / $0 }
      self.burst = burst
    }
  }

  /// When the bucket is full.
  private var fullAt: Instant?
  private var wasWarned = false
  private(set) var pausedUntil: Instant?
  /// Lines dropped since the pause began.
  private(set) var droppedCount = 0

  /// - Parameter isLine: whether it counts as a line that was dropped when it is dropped.
  mutating func admit(at now: Instant, _ rate: Rate, isLine: Bool = true) -> Decision {
    guard let cost = rate.cost else { return .pass }
    if let pausedUntil, now < pausedUntil {
      if isLine { droppedCount += 1 }
      return .drop
    }
    let isFull = fullAt.map { $0 <= now } ?? true
    if isFull { wasWarned = false }
    let full = (isFull ? now : fullAt ?? now) + cost
    fullAt = full
    let owed = full - now
    if owed <= cost * rate.burst { return .pass }
    if !wasWarned {
      wasWarned = true
      return .passWithWarning
    }
    if owed <= cost * (rate.burst + max(1, rate.burst / 2)) { return .pass }
    pausedUntil = full
    droppedCount = isLine ? 1 : 0
    return .pause(owed)
  }

  /// Ends a pause whose time is over.
  /// - Returns: how many lines were dropped in it; nil when there is none to end.
  mutating func endPause(at now: Instant) -> Int? {
    guard let pausedUntil, pausedUntil <= now else { return nil }
    self.pausedUntil = nil
    defer { droppedCount = 0 }
    return droppedCount
  }
}
