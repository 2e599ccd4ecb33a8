// Limits the messages of the protocol itself that a peer can send on an established connection: each
// KeyUpdate costs several hashes and may ask for a reply. A value of its session.

import LinuxSystem

struct ProtocolMessageLimit {
  static let perSecond = 100
  private var count = 0
  private var begin = MonotonicTime(nanoseconds: 0)

  /// Counts a message.
  /// - Returns: whether it is within the limit of the second that began with an earlier one.
  mutating func allows(now: @autoclosure () -> MonotonicTime) -> Bool {
    if count == 0 { begin = now() }
    count += 1
    guard count > Self.perSecond else { return true }
    let now = now()
    guard now >= begin + .seconds(1) else { return false }
    count = 1
    begin = now
    return true
  }
}
