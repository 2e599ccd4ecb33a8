// What goes wrong in a fan-out: the sentence that says it. A receiver goes on after a wrong message, and
// is left out when it is lost or waits too long.

import Throng

extension FanOutWorker {
  // MARK: Messages

  func blameCorrupted(_ number: Int?, _ what: String, _ place: Int) {
    let message = number.map { "message \($0)" } ?? "a message"
    faults.add(.corrupted, "\(name(place)): \(message) is corrupted: \(what)")
  }

  func blameUnknown(_ number: Int, _ place: Int) {
    faults.add(.corrupted, "\(name(place)): message \(number) was never sent")
  }

  /// A number that is not higher than one that has come.
  func blameRepeated(_ number: Int, after last: Int, _ place: Int) {
    guard let index = gaps[place]?.firstIndex(where: { $0.contains(number) }),
      let gap = gaps[place]?[index]
    else {
      return faults.add(
        .duplicated, "\(name(place)): message \(number) came again, after message \(last)")
    }
    var rest: [ClosedRange<Int>] = []
    if gap.lowerBound < number { rest.append(gap.lowerBound...number - 1) }
    if gap.upperBound > number { rest.append(number + 1...gap.upperBound) }
    gaps[place]?.replaceSubrange(index...index, with: rest)
    faults.add(.reordered, "\(name(place)): message \(number) came after message \(last)")
  }

  /// The end: what was skipped and, unless all has come, what was awaited.
  func blameMissing(isDrained: Bool) {
    for place in gaps.keys.sorted() {
      for gap in gaps[place] ?? [] {
        faults.add(
          .missing, count: gap.count,
          "\(name(place)): message \(gap.lowerBound) never came, but message \(gap.upperBound + 1) did"
        )
      }
    }
    if !isDrained { for place in places { blameSilence(place) } }
  }

  // MARK: Receivers

  /// Who has waited for a message longer than the timeout.
  func blameSilent(_ now: UInt64) {
    let sent = board.sent
    let timeout = UInt64(plan.options.timeout.nanoseconds)
    let oldest = fan.pointee.frontier + 1
    guard fan.pointee.live > 0, oldest <= sent, now > board.intendedTime(oldest) + timeout else {
      return
    }
    for place in places where receivers[place].last < sent {
      if now > board.intendedTime(receivers[place].last + 1) + timeout { blameSilence(place) }
    }
  }

  private func blameSilence(_ place: Int) {
    let missing = board.sent - receivers[place].last
    guard missing > 0 else { return }
    let connection = receivers[place].connection?.takeUnretainedValue()
    let what =
      "message \(receivers[place].last + 1) did not come within \(plan.options.timeout)"
    if blame(.missing, count: missing, place, what) { connection?.reset() }
  }

  func blameNotReached(_ place: Int) {
    let connection = receivers[place].connection?.takeUnretainedValue()
    if blame(.notReached, place, FaultText.notReached(plan.options)) { connection?.reset() }
  }

  /// Notes a fault and leaves the connection out from now on.
  /// - Returns: false when it was out already.
  @discardableResult
  func blame(_ kind: FaultKind, count: Int = 1, _ place: Int, _ what: String) -> Bool {
    guard receivers[place].state == .open, hot.pointee.phase != .finished else { return false }
    faults.add(kind, count: count, "\(name(place)): \(what)")
    receivers[place].state = .over
    if isSender(place) { board.loseSender() } else { leave(place) }
    return true
  }

  func progress(of place: Int) -> String {
    if isSender(place) { return "after \(board.sent) messages" }
    let last = receivers[place].last
    return last == 0 ? "before any message" : "after message \(last)"
  }

  private func name(_ place: Int) -> String {
    isSender(place) ? "the sender" : "connection \(number(of: place))"
  }
}
