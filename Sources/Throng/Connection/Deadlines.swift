// The moments that a connection's time limits count from, and the earliest limit that follows. Held
// under the lock of the connection. A message costs a store here, no timer operation: a connection has
// one timer, never moved later, and when it fires too early it is set again.

struct Deadlines {
  /// When something was received or sent last.
  var activity: MonotonicTime
  /// When the outbox was last empty, or the kernel last took something of it.
  var sendProgress = MonotonicTime.never
  /// When the outbox rose above the soft limit of those who write, and which that was.
  var softLimit = MonotonicTime.never
  var softMark = 0
  /// For the receive that waits now.
  var receive = MonotonicTime.never
  /// For the first byte at first; for the client's FIN at last.
  var phase = MonotonicTime.never
  /// When the timer fires.
  var timer = MonotonicTime.never

  init(now: MonotonicTime, _ options: ConnectionOptions) {
    activity = now
    if let limit = options.firstByteTimeout { phase = now + limit }
  }

  /// What the limits depend on.
  struct Situation {
    var isLingering: Bool
    var isReceiving: Bool
    var isSending: Bool
    /// The handler is done: nothing limits the outbox any more.
    var isClosing: Bool
  }

  /// The kernel has just taken something of the outbox.
  @inline(__always)
  mutating func noteProgress(left: Int) {
    sendProgress = activity
    if left <= softMark { softLimit = .never }
  }

  /// The outbox is above a soft limit: since when. The strictest counts, when there are several.
  mutating func timeAbove(_ mark: Int, now: MonotonicTime) -> MonotonicTime {
    if softLimit == .never || mark < softMark { (softLimit, softMark) = (now, mark) }
    return softLimit
  }

  /// The earliest moment at which a limit passes.
  func earliest(
    _ situation: Situation, _ limits: TimeLimits
  ) -> (time: MonotonicTime, limit: ConnectionError.TimeLimit) {
    if situation.isLingering { return (phase, .linger) }
    var earliest = (time: phase, limit: ConnectionError.TimeLimit.firstByte)
    let idle = activity.advanced(by: limits.idle)
    if idle < earliest.time { earliest = (idle, .idle) }
    if situation.isReceiving, receive < earliest.time { earliest = (receive, .receive) }
    if situation.isSending {
      let limit = situation.isClosing ? min(limits.send, limits.flush) : limits.send
      let sending = sendProgress.advanced(by: limit)
      if sending < earliest.time { earliest = (sending, .send) }
    }
    return earliest
  }
}

/// The time limits that hold all the time, in nanoseconds; no limit is the largest number. `Duration`
/// has 128 bits, and these are looked at for every message of a broadcast.
struct TimeLimits {
  let idle: UInt64
  let send: UInt64
  let flush: UInt64

  init(_ options: ConnectionOptions) {
    idle = Self.nanoseconds(options.idleTimeout)
    send = Self.nanoseconds(options.sendTimeout)
    flush = Self.nanoseconds(options.flushTimeout)
  }

  private static func nanoseconds(_ limit: Duration?) -> UInt64 {
    limit.map { UInt64(max(0, $0.nanoseconds)) } ?? .max
  }
}
