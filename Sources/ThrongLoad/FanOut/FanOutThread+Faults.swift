// Faults of a fan-out and the sentence for each. A receiver continues after a wrong message; it is
// removed when its connection is lost or a message times out.
// Runs on the load thread.

import LinuxSystem
import Throng

extension FanOutThread {
  // MARK: Messages

  func reportCorrupted(_ number: Int?, _ what: String, _ slot: Int) {
    let message = number.map { "message \($0)" } ?? "a message"
    faults.add(.corrupted, "\(name(slot)): \(message) is corrupted: \(what)")
  }

  func reportUnknown(_ number: Int, _ slot: Int) {
    faults.add(.corrupted, "\(name(slot)): message \(number) received but never sent")
  }

  /// A message number that is not higher than the last one: duplicated, or reordered if it was
  /// missing.
  func reportRepeated(_ number: Int, after last: Int, _ slot: Int) {
    guard let index = gaps[slot]?.firstIndex(where: { $0.contains(number) }),
      let gap = gaps[slot]?[index]
    else {
      return faults.add(
        .duplicated, "\(name(slot)): message \(number) received again after message \(last)")
    }
    var rest: [ClosedRange<Int>] = []
    if gap.lowerBound < number { rest.append(gap.lowerBound...number - 1) }
    if gap.upperBound > number { rest.append(number + 1...gap.upperBound) }
    gaps[slot]?.replaceSubrange(index...index, with: rest)
    faults.add(.reordered, "\(name(slot)): message \(number) received after message \(last)")
  }

  /// Reports skipped messages at the end and, unless all messages arrived, those still expected.
  func reportMissing(isDrained: Bool) {
    for slot in gaps.keys.sorted() {
      for gap in gaps[slot] ?? [] {
        faults.add(
          .missing, count: gap.count,
          "\(name(slot)): message \(gap.lowerBound) missing, message \(gap.upperBound + 1) received"
        )
      }
    }
    if !isDrained { for slot in receiverSlots { reportTimeout(slot) } }
  }

  // MARK: Receivers

  /// Removes every receiver whose next message is later than the timeout.
  func reportTimeouts(_ now: UInt64) {
    let sent = progress.sent
    let oldest = hot.pointee.frontier + 1
    guard hot.pointee.live > 0, oldest <= sent, now > progress.intendedTime(oldest) + plan.timeout
    else {
      return
    }
    for slot in receiverSlots where clients[slot].last < sent {
      if now > progress.intendedTime(clients[slot].last + 1) + plan.timeout { reportTimeout(slot) }
    }
  }

  private func reportTimeout(_ slot: Int) {
    let missing = progress.sent - clients[slot].last
    guard missing > 0 else { return }
    let connection = clients[slot].connection?.takeUnretainedValue()
    let what =
      "message \(clients[slot].last + 1) not received within \(plan.options.timeout)"
    if fail(.missing, count: missing, slot, what) { connection?.reset() }
  }

  func reportNotReached(_ slot: Int) {
    let connection = clients[slot].connection?.takeUnretainedValue()
    if fail(.notReached, slot, hint: plan.helloHint, plan.notReachedText) { connection?.reset() }
  }

  /// Records a fault and stops using the connection.
  /// - Returns: false when the connection had failed before.
  @discardableResult
  func fail(
    _ kind: FaultKind, count: Int = 1, _ slot: Int, hint: FaultHint? = nil, _ what: String
  ) -> Bool {
    guard clients[slot].state == .open, hot.pointee.phase != .finished else { return false }
    faults.add(kind, count: count, hint: hint, "\(name(slot)): \(what)")
    clients[slot].state = .over
    if isSender(slot) { progress.isSenderLost.set() } else { leave(slot) }
    return true
  }

  func progress(of slot: Int) -> String {
    if isSender(slot) { return "after \(progress.sent) messages" }
    let last = clients[slot].last
    return last == 0 ? "before the first message" : "after message \(last)"
  }

  private func name(_ slot: Int) -> String {
    isSender(slot) ? "the sender" : "connection \(number(of: slot))"
  }
}

extension RunPlan {
  var notReachedText: String { "no line of the sender received within \(options.timeout)" }

  var helloHint: FaultHint { .hello(isGiven: load.fanOut?.hello != nil) }
}
