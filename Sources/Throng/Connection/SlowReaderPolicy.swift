// What `write` does about a client that does not read: the limits of its outbox.

import LinuxSystem

/// What becomes of a client that reads more slowly than others write to it. Only `write` obeys it: who
/// would rather wait uses `send`, which any task may call.
public struct SlowReaderPolicy: Sendable, Hashable {
  /// What `write` may let wait in a client's outbox, in bytes.
  public var outboxLimit = 1024 * 1024
  /// What `write` does at the outbox limit.
  public var overflow = OverflowPolicy.dropClient
  /// A client whose outbox holds more than this many bytes for longer than the grace period is dropped
  /// by the next `write`; nil: only the outbox limit counts.
  public var softLimit: Int?
  /// How long the outbox may stay above the soft limit.
  public var gracePeriod: Duration = .seconds(10)

  /// Creates a policy.
  /// - Parameters:
  ///   - outboxLimit: maximum bytes of the outbox.
  ///   - overflow: what `write` does at that limit.
  ///   - softLimit: bytes that the outbox may exceed only for the grace period; nil for none.
  ///   - gracePeriod: how long the outbox may stay above the soft limit.
  public init(
    outboxLimit: Int = 1024 * 1024, overflow: OverflowPolicy = .dropClient, softLimit: Int? = nil,
    gracePeriod: Duration = .seconds(10)
  ) {
    self.outboxLimit = outboxLimit
    self.overflow = overflow
    self.softLimit = softLimit
    self.gracePeriod = gracePeriod
  }
}

extension SlowReaderPolicy {
  /// What must not be queued, and why.
  struct Overflow {
    var limit: Int
    var dropsClient: Bool

    var error: ConnectionError {
      dropsClient ? .tooSlow(limit: limit) : .outboxFull(limit: limit)
    }
  }

  /// Whether adding this number of bytes exceeds a limit of the outbox. A message that has begun is finished, or
  /// the client would read half of it, unless the client is dropped anyway.
  func overflow(
    of queued: Int, by count: Int, afterSending sent: Int, _ progress: inout SendProgress,
    now: MonotonicTime
  ) -> Overflow? {
    let dropsClient = overflow == .dropClient
    if queued + count > outboxLimit, sent == 0 || dropsClient {
      return Overflow(limit: outboxLimit, dropsClient: dropsClient)
    }
    guard let softLimit, queued + count > softLimit else { return nil }
    let isOver = progress.timeAbove(softLimit, now: now) + gracePeriod < now
    return isOver ? Overflow(limit: softLimit, dropsClient: true) : nil
  }
}

extension Delivery {
  /// How many bytes may wait for the end of the turn: no more than could be held against the client.
  static func mostUnoffered(_ highWaterMark: Int, _ policy: SlowReaderPolicy?) -> Int {
    guard let policy else { return highWaterMark }
    return min(highWaterMark, policy.outboxLimit, policy.softLimit ?? .max)
  }
}

/// What `write` does when the bytes would pass the outbox limit.
public enum OverflowPolicy: String, Sendable, CaseIterable {
  /// Resets the connection, whose client does not read.
  case dropClient = "drop-client"
  /// Throws ``ConnectionError/outboxFull(limit:)`` and leaves the connection as it is.
  case dropMessage = "drop-message"
}

/// When `write` gives the bytes to the kernel.
public enum Flush: Sendable {
  /// At once, unless others wait before them.
  case now
  /// When the loop has served the events that it has at hand, with everything else that was written
  /// until then in one system call. At once under thread-per-client, where there is no loop, and under a
  /// reactor that has found nothing to gather lately.
  case endOfTurn
}
