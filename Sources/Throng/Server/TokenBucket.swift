// A rate limit per second with a small burst after a quiet time (token bucket). Not locked.

import LinuxSystem

struct TokenBucket: Sendable {
  private let rate: Double
  private let capacity: Double
  private var tokens: Double
  private(set) var filledAt: MonotonicTime

  /// Starts full. The burst is one and a tenth of a second's worth: what comes evenly, a little slower
  /// than the rate, then never waits, although a busy thread takes it up to 0.1 s late.
  init(rate: Int, now: MonotonicTime) {
    self.init(Double(rate), capacity: 1 + Double(rate) / 10, now)
  }

  /// Starts full, with as many as may be taken at once.
  init(rate: Int, burst: Int, now: MonotonicTime) {
    self.init(Double(rate), capacity: Double(burst), now)
  }

  private init(_ rate: Double, capacity: Double, _ now: MonotonicTime) {
    self.rate = rate
    self.capacity = capacity
    tokens = capacity
    filledAt = now
  }

  /// Takes one, or says when there will be one.
  mutating func take(_ now: MonotonicTime) -> MonotonicTime? {
    if now > filledAt {
      let elapsed = Double(now.nanoseconds - filledAt.nanoseconds) / 1e9
      tokens = min(capacity, tokens + elapsed * rate)
      filledAt = now
    }
    guard tokens >= 1 else {
      // A nanosecond more than the rounded time, or the same would be said again and again.
      return filledAt.advanced(by: UInt64((1 - tokens) / rate * 1e9) + 1)
    }
    tokens -= 1
    return nil
  }

  /// What was taken was not used.
  mutating func giveBack() { tokens = min(capacity, tokens + 1) }
}
