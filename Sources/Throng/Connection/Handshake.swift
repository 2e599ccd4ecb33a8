// The TLS handshake that comes before the handler.

import LinuxSystem
import Synchronization

/// How the connections of a loop begin their sessions.
struct Handshake: Sendable {
  enum Role: Sendable { case server, client }

  let role: Role
  /// For the whole handshake, however its messages are spread.
  let timeout: Duration
  /// Nil for no limit.
  var rate: HandshakeRate?
}

/// Spreads the handshakes of a server over time: each costs it some hundred times what a message does. Any
/// thread.
final class HandshakeRate: Sendable {
  private let interval: UInt64
  private let burst: UInt64
  /// When a handshake could begin if there were no burst.
  private let next: Mutex<MonotonicTime>

  /// A tenth of a second's worth may begin at once after a quiet time.
  init(perSecond: Int, now: MonotonicTime = .now) {
    interval = 1_000_000_000 / UInt64(max(1, perSecond))
    burst = 100_000_000
    next = Mutex(now)
  }

  /// Each call is for one handshake, which must not begin earlier.
  func reserve(_ now: MonotonicTime = .now) -> MonotonicTime {
    next.withLock { next in
      let time = max(next, now)
      next = time.advanced(by: interval)
      return MonotonicTime(nanoseconds: max(now.nanoseconds, time.nanoseconds - burst))
    }
  }
}
