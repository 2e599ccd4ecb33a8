// The moments that a connection's time limits count from, and the earliest limit that follows. Held
// under the lock of the connection. A message costs a store here, no timer operation: a connection has
// one timer, never moved later, and when it fires too early it is set again. Before a limit ends a
// connection, the kernel is asked: for input that has arrived, and for what the client has acknowledged.

import LinuxSystem

struct Deadlines {
  // In an order that leaves no gaps: see `NonBlockingConnection.State`.

  // `activity`: stored by each message, in two parts and not in the three of a `CompactTime`.
  private var lowerActivity: UInt32
  private var upperActivity: UInt16
  /// For the receive that waits now, or the timer of an event handler.
  @CompactTime var receive = MonotonicTime.never
  /// For the first byte at first; for the client's FIN at last.
  @CompactTime var phase = MonotonicTime.never
  /// When the timer fires.
  @CompactTime var timer = MonotonicTime.never
  private var lingersLonger = false

  init(now: MonotonicTime, _ options: ConnectionOptions) {
    (lowerActivity, upperActivity) = Self.parts(of: now)
    if let limit = options.firstByteTimeout { phase = now + limit }
  }

  /// When something was received or sent last, or the client was seen to acknowledge something. Rounded as by
  /// `CompactTime`.
  @inline(__always)
  var activity: MonotonicTime {
    get {
      MonotonicTime(
        nanoseconds: UInt64(upperActivity) << 48 | UInt64(lowerActivity) << 16 | 0xffff)
    }
    set { (lowerActivity, upperActivity) = Self.parts(of: newValue) }
  }

  @inline(__always)
  private static func parts(of time: MonotonicTime) -> (UInt32, UInt16) {
    (
      UInt32(truncatingIfNeeded: time.nanoseconds >> 16),
      UInt16(truncatingIfNeeded: time.nanoseconds >> 48)
    )
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

  /// Whether the receive that waits now ends then.
  @inline(__always)
  func endsReceive(at deadline: MonotonicTime) -> Bool {
    _receive == CompactTime(wrappedValue: deadline)
  }

  // MARK: Limits

  /// The earliest moment at which a limit passes, or the acknowledged bytes are to be looked at.
  func earliest(
    _ situation: Situation, _ limits: TimeLimits, _ progress: SendProgress
  ) -> (time: MonotonicTime, limit: ConnectionError.TimeLimit) {
    if situation.isLingering { return (phase, .linger) }
    var earliest = (
      time: phase, limit: situation.isStarting ? ConnectionError.TimeLimit.handshake : .firstByte
    )
    let idle = activity.advanced(by: limits.idle)
    if idle < earliest.time { earliest = (idle, .idle) }
    if situation.isReceiving, receive < earliest.time { earliest = (receive, .receive) }
    if situation.isSending {
      let look = progress.nextLook(situation, limits)
      if look < earliest.time { earliest = (look, .send) }
    }
    earliest.time = earliest.time.rounded
    return earliest
  }

  /// The limit that has passed, after a look at what the kernel knows.
  mutating func passed(
    _ situation: Situation, _ limits: TimeLimits, _ progress: inout SendProgress,
    on socket: SocketReference, now: MonotonicTime
  ) -> ConnectionError.TimeLimit? {
    if situation.isSending, !situation.isLingering,
      progress.hasStalled(situation, limits, socket, now: now, activity: &activity)
    {
      return .send
    }
    let (time, limit) = earliest(situation, limits, progress)
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
}

extension MonotonicTime {
  /// Never, but not the limit of any receive: the next one sets its own.
  static var unset: MonotonicTime { MonotonicTime(nanoseconds: .max - 0x10000) }
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
