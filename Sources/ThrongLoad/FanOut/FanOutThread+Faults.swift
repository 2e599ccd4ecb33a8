// What goes wrong in a fan-out: the sentence that says it. A receiver goes on after a wrong message, and
// is left out when it is lost or waits too long.

import Throng

extension FanOutThread {
  // MARK: Messages

  func reportCorrupted(_ number: Int?, _ what: String, _ slot: Int) {
    let message = number.map { "message \($0)" } ?? "a message"
    faults.add(.corrupted, "\(name(slot)): \(message) is corrupted: \(what)")
  }

  func reportUnknown(_ number: Int, _ slot: Int) {
    faults.add(.corrupted, "\(name(slot)): message \(number) was never sent")
  }

  /// A number that is not higher than one that has come.
  func reportRepeated(_ number: Int, after last: Int, _ slot: Int) {
    guard let index = gaps[slot]?.firstIndex(where: { $0.contains(number) }),
      let gap = gaps[slot]?[index]
    else {
      return faults.add(
        .duplicated, "\(name(slot)): message \(number) came again, after message \(last)")
    }
    var rest: [ClosedRange<Int>] = []
    if gap.lowerBound < number { rest.append(gap.lowerBound...number - 1) }
    if gap.upperBound > number { rest.append(number + 1...gap.upperBound) }
    gaps[slot]?.replaceSubrange(index...index, with: rest)
    faults.add(.reordered, "\(name(slot)): message \(number) came after message \(last)")
  }

  /// The end: what was skipped and, unless all has come, what was awaited.
  func reportMissing(isDrained: Bool) {
    for slot in gaps.keys.sorted() {
      for gap in gaps[slot] ?? [] {
        faults.add(
          .missing, count: gap.count,
          "\(name(slot)): message \(gap.lowerBound) never came, but message \(gap.upperBound + 1) did"
        )
      }
    }
    if !isDrained { for slot in receiverSlots { reportTimeout(slot) } }
  }

  // MARK: Receivers

  /// Who has waited for a message longer than the timeout.
  func reportTimeouts(_ now: UInt64) {
    let sent = progress.sent
    let timeout = UInt64(plan.options.timeout.nanoseconds)
    let oldest = fan.pointee.frontier + 1
    guard fan.pointee.live > 0, oldest <= sent, now > progress.intendedTime(oldest) + timeout else {
      return
    }
    for slot in receiverSlots where receivers[slot].last < sent {
      if now > progress.intendedTime(receivers[slot].last + 1) + timeout { reportTimeout(slot) }
    }
  }

  private func reportTimeout(_ slot: Int) {
    let missing = progress.sent - receivers[slot].last
    guard missing > 0 else { return }
    let connection = receivers[slot].connection?.takeUnretainedValue()
    let what =
      "message \(receivers[slot].last + 1) did not come within \(plan.options.timeout)"
    if fail(.missing, count: missing, slot, what) { connection?.reset() }
  }

  func reportNotReached(_ slot: Int) {
    let connection = receivers[slot].connection?.takeUnretainedValue()
    if fail(.notReached, slot, FaultText.notReached(plan.options)) { connection?.reset() }
  }

  /// Notes a fault and leaves the connection out from now on.
  /// - Returns: false when it was out already.
  @discardableResult
  func fail(_ kind: FaultKind, count: Int = 1, _ slot: Int, _ what: String) -> Bool {
    guard receivers[slot].state == .open, hot.pointee.phase != .finished else { return false }
    faults.add(kind, count: count, "\(name(slot)): \(what)")
    receivers[slot].state = .over
    if isSender(slot) { progress.loseSender() } else { leave(slot) }
    return true
  }

  func progress(of slot: Int) -> String {
    if isSender(slot) { return "after \(progress.sent) messages" }
    let last = receivers[slot].last
    return last == 0 ? "before any message" : "after message \(last)"
  }

  private func name(_ slot: Int) -> String {
    isSender(slot) ? "the sender" : "connection \(number(of: slot))"
  }
}
