// How what a connection has queued gets on: what its limits on sending count from. Held under the lock of the
// connection, beside its outbox.

import LinuxSystem

struct SendProgress {
  // In an order that leaves no gaps: see `SendBacklog`.

  /// What the client had not acknowledged when that was last looked at; the largest number when the
  /// kernel has taken something since.
  private var unacknowledged = CInt.max
  /// When the outbox was last empty, the kernel last took something of it, or the client was seen to
  /// acknowledge something; never before the first bytes were queued.
  @CompactTime private(set) var time = MonotonicTime.never
  /// When the outbox rose above a soft limit of `write`, and that limit.
  @CompactTime private var softLimit = MonotonicTime.never
  private var softMark = UInt48(truncating: 0)
  /// How often it was looked at since the last progress.
  private var looks: UInt8 = 0

  /// How often in the time of a limit the acknowledged bytes are looked at.
  private static let looksPerLimit: UInt8 = 4

  /// The first bytes were queued.
  mutating func begin(now: MonotonicTime) {
    time = now
    unacknowledged = .max
    looks = 0
  }

  /// The kernel has just taken something of the outbox.
  @inline(__always)
  mutating func note(left: Int, now: MonotonicTime) {
    begin(now: now)
    if left <= Int(softMark.value) { softLimit = .never }
  }

  /// The outbox is above a soft limit: since when. The strictest counts, when there are several.
  mutating func timeAbove(_ mark: Int, now: MonotonicTime) -> MonotonicTime {
    if softLimit == .never || mark < Int(softMark.value) {
      (softLimit, softMark) = (now, UInt48(truncating: UInt64(mark)))
    }
    return softLimit
  }

  // MARK: Acknowledged bytes

  // EPOLLOUT comes when a third of the kernel's send buffer is free, which takes a slow client minutes.
  // What it has acknowledged shows earlier that it reads.

  /// Whether the kernel has taken nothing and the client has acknowledged nothing for the whole limit.
  /// - Parameter activity: becomes `now` when the client has acknowledged something.
  mutating func hasStalled(
    _ situation: Deadlines.Situation, _ limits: TimeLimits, _ socket: SocketReference,
    now: MonotonicTime, activity: inout MonotonicTime
  ) -> Bool {
    let isIdle = activity.advanced(by: limits.idle) <= now
    guard isIdle || nextLook(situation, limits) <= now else { return false }
    let count = socket.unacknowledgedCount
    // Of a client that has acknowledged everything nothing more can be asked.
    if count < unacknowledged || count == 0 {
      activity = now
      begin(now: now)
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
      time = max(time, MonotonicTime(nanoseconds: now.nanoseconds - elapsed))
    }
    return false
  }

  func nextLook(_ situation: Deadlines.Situation, _ limits: TimeLimits) -> MonotonicTime {
    let limit = min(limits.sendLimit(situation), limits.idle)
    if limit == .max { return .never }
    let step = limit / UInt64(Self.looksPerLimit)
    return time.advanced(by: step * UInt64(looks + 1))
  }
}
