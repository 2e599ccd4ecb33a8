// The moments that a connection's time limits count from, and the earliest limit that follows. Held
// under the lock of the connection. A message costs a store here, no timer operation: a connection has
// one timer, never moved later, and when it fires too early it is set again.

struct Deadlines {
  /// When something was received or sent last.
  var activity: MonotonicTime
  /// When the outbox was last empty, or the kernel last took something of it.
  var sendProgress = MonotonicTime.never
  /// When the outbox rose above the soft limit of those who write.
  var softLimit = MonotonicTime.never
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
  }

  /// The earliest moment at which a limit passes.
  func earliest(
    _ situation: Situation, _ options: ConnectionOptions
  ) -> (time: MonotonicTime, limit: ConnectionError.TimeLimit) {
    if situation.isLingering { return (phase, .linger) }
    var earliest = (time: phase, limit: ConnectionError.TimeLimit.firstByte)
    if let idle = options.idleTimeout, activity + idle < earliest.time {
      earliest = (activity + idle, .idle)
    }
    if situation.isReceiving, receive < earliest.time { earliest = (receive, .receive) }
    if situation.isSending, let sending = options.sendTimeout,
      sendProgress + sending < earliest.time
    {
      earliest = (sendProgress + sending, .send)
    }
    return earliest
  }
}
