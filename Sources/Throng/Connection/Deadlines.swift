// The moments that a connection's time limits count from, and the earliest limit that follows. Held
// under the lock of the connection. A message costs a store here, no timer operation: a connection has
// one timer, never moved later, and when it fires too early it is set again. Before a limit ends a
// connection, the kernel is asked: for input that has arrived, and for what the client has acknowledged.

import LinuxSystem

struct Deadlines {
  /// When something was received or sent last, or the client was seen to acknowledge something.
  var activity: MonotonicTime
  /// When the outbox was last empty, the kernel last took something of it, or the client was seen to
  /// acknowledge something.
  private(set) var sendProgress = MonotonicTime.never
  /// When the outbox rose above a soft limit of `write`, and that limit.
  private var softLimit = MonotonicTime.never
  private var softMark = 0
  /// For the receive that waits now, or the timer of an event handler.
  var receive = MonotonicTime.never
  /// For the first byte at first; for the client's FIN at last.
  var phase = MonotonicTime.never
  /// When the timer fires.
  var timer = MonotonicTime.never
  /// What the client had not acknowledged when that was last looked at; the largest number when the
  /// kernel has taken something since.
  private var unacknowledged = CInt.max
  /// How often it was looked at since the last progress.
  private var looks: UInt8 = 0
  private var lingersLonger = false

  /// How often in the time of a limit the acknowledged bytes are looked at.
  private static let looksPerLimit: UInt8 = 4

  init(now: MonotonicTime, _ options: ConnectionOptions) {
    activity = now
    if let limit = options.firstByteTimeout { phase = now + limit }
  }

  /// What the limits depend on.
  struct Situation {
    var isLingering: Bool
    /// The handler has not started.
    var isStarting = false
    var isReceiving: Bool
    var isSending: Bool
    /// The handler is done: nothing limits the outbox any more.
    var isClosing: Bool
    /// What arrives is received at once.
    var wantsInput: Bool
  }

  // MARK: Sending

  /// The first bytes were queued.
  mutating func beginSending(now: MonotonicTime) {
    sendProgress = now
    unacknowledged = .max
    looks = 0
  }

  /// The kernel has just taken something of the outbox.
  @inline(__always)
  mutating func noteProgress(left: Int) {
    beginSending(now: activity)
    if left <= softMark { softLimit = .never }
  }

  /// The outbox is above a soft limit: since when. The strictest counts, when there are several.
  mutating func timeAbove(_ mark: Int, now: MonotonicTime) -> MonotonicTime {
    if softLimit == .never || mark < softMark { (softLimit, softMark) = (now, mark) }
    return softLimit
  }

  // MARK: Limits

  /// The earliest moment at which a limit passes, or the acknowledged bytes are to be looked at.
  func earliest(
    _ situation: Situation, _ limits: TimeLimits
  ) -> (time: MonotonicTime, limit: ConnectionError.TimeLimit) {
    if situation.isLingering { return (phase, .linger) }
    var earliest = (
      time: phase, limit: situation.isStarting ? ConnectionError.TimeLimit.handshake : .firstByte
    )
    let idle = activity.advanced(by: limits.idle)
    if idle < earliest.time { earliest = (idle, .idle) }
    if situation.isReceiving, receive < earliest.time { earliest = (receive, .receive) }
    if situation.isSending {
      let look = nextLook(situation, limits)
      if look < earliest.time { earliest = (look, .send) }
    }
    return earliest
  }

  /// The limit that has passed, after a look at what the kernel knows.
  mutating func passed(
    _ situation: Situation, _ limits: TimeLimits, on socket: SocketReference, now: MonotonicTime
  ) -> ConnectionError.TimeLimit? {
    if situation.isSending, !situation.isLingering,
      sendingHasStalled(situation, limits, socket, now)
    {
      return .send
    }
    let (time, limit) = earliest(situation, limits)
    guard time <= now, limit != .send else { return nil }
    if situation.wantsInput, socket.hasInput, postpone(limit, limits, now) { return nil }
    return limit
  }

  /// There is input that this process, its loop or its thread has not come to yet: an event will bring
  /// it. False when the limit passes all the same.
  @discardableResult
  mutating func postpone(
    _ limit: ConnectionError.TimeLimit, _ limits: TimeLimits, _ now: MonotonicTime
  ) -> Bool {
    switch limit {
    case .idle: activity = now
    case .firstByte: phase = .never
    case .receive: receive = .unset
    case .linger:
      // Once, or a client that goes on sending would never be closed.
      if lingersLonger { return false }
      lingersLonger = true
      phase = now.advanced(by: limits.linger)
    case .send, .handshake: return false
    }
    return true
  }

  // MARK: Acknowledged bytes

  // EPOLLOUT comes when a third of the kernel's send buffer is free, which takes a slow client minutes.
  // What it has acknowledged shows earlier that it reads.

  /// Whether the kernel has taken nothing and the client has acknowledged nothing for the whole limit.
  private mutating func sendingHasStalled(
    _ situation: Situation, _ limits: TimeLimits, _ socket: SocketReference, _ now: MonotonicTime
  ) -> Bool {
    let isIdle = activity.advanced(by: limits.idle) <= now
    guard isIdle || nextLook(situation, limits) <= now else { return false }
    let count = socket.unacknowledgedCount
    // Of a client that has acknowledged everything nothing more can be asked.
    if count < unacknowledged || count == 0 {
      activity = now
      beginSending(now: now)
      unacknowledged = count
      return false
    }
    looks = min(looks + 1, Self.looksPerLimit)
    let sendLimit = limits.sendLimit(situation)
    if looks == Self.looksPerLimit, sendLimit <= limits.idle { return true }
    looks = min(looks, Self.looksPerLimit - 1)
    // A look that comes late, because the process stood still, counts as if it had come in time.
    let step = min(sendLimit, limits.idle) / UInt64(Self.looksPerLimit)
    let (elapsed, overflow) = step.multipliedReportingOverflow(by: UInt64(looks))
    if !overflow, now.nanoseconds > elapsed {
      sendProgress = max(sendProgress, MonotonicTime(nanoseconds: now.nanoseconds - elapsed))
    }
    return false
  }

  private func nextLook(_ situation: Situation, _ limits: TimeLimits) -> MonotonicTime {
    let limit = min(limits.sendLimit(situation), limits.idle)
    if limit == .max { return .never }
    let step = limit / UInt64(Self.looksPerLimit)
    return sendProgress.advanced(by: step * UInt64(looks + 1))
  }
}

extension MonotonicTime {
  /// Never, but not the limit of any receive: the next one sets its own.
  static var unset: MonotonicTime { MonotonicTime(nanoseconds: .max - 1) }
}

/// The time limits that hold all the time, in nanoseconds; no limit is the largest number. `Duration`
/// has 128 bits, and these are looked at for every message of a broadcast.
struct TimeLimits {
  let idle: UInt64
  let send: UInt64
  let flush: UInt64
  let linger: UInt64

  init(_ options: ConnectionOptions) {
    idle = Self.nanoseconds(options.idleTimeout)
    send = Self.nanoseconds(options.sendTimeout)
    flush = Self.nanoseconds(options.flushTimeout)
    linger = Self.nanoseconds(options.lingerTimeout)
  }

  /// How long queued bytes may wait without progress.
  @inline(__always)
  func sendLimit(_ situation: Deadlines.Situation) -> UInt64 {
    situation.isClosing ? min(send, flush) : send
  }

  private static func nanoseconds(_ limit: Duration?) -> UInt64 {
    limit.map { UInt64(max(0, $0.nanoseconds)) } ?? .max
  }
}
