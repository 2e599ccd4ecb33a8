// Sender of a fan-out. First probes; then, in the closed loop, as many messages in flight as the
// window allows, or, in the open loop, messages on schedule.
// Runs on the first load thread.

import Throng

/// State of the sender. Owned by the first load thread.
final class FanOutSender {
  fileprivate var sent = 0
  /// Last message that every receiver has.
  fileprivate var completed = 0
  fileprivate var schedule: Schedule?
  fileprivate var probes = 0
  fileprivate var nextProbe: UInt64 = 0
  fileprivate var probeInterval: UInt64 = 10_000_000
  private let rate: Double?

  init(rate: Double?) { self.rate = rate }

  func beginLoad(_ time: UInt64) {
    schedule = rate.map {
      Schedule(begin: time, rate: $0, index: 0, threads: 1, connections: 1, of: 1)
    }
  }

  /// Counts the messages that were due in the measured time and not sent.
  func countUnsent(_ hot: UnsafeMutablePointer<LoadThreadState.Hot>) {
    guard let schedule else { return }
    var message = schedule.next
    while schedule.due(message) < hot.pointee.measureUntil {
      if schedule.due(message) >= hot.pointee.measureFrom {
        hot.pointee.records.pointee.unsent += 1
      }
      message += 1
    }
  }
}

extension FanOutThread {
  private static var longestProbeInterval: UInt64 { 160_000_000 }

  private var senderConnection: Connection? {
    guard clients[Self.senderSlot].state == .open else { return nil }
    return clients[Self.senderSlot].connection?.takeUnretainedValue()
  }

  /// Sends a probe when one is due. The interval doubles, because each probe goes to every
  /// receiver.
  /// - Returns: the time of the next probe.
  func probe(_ now: UInt64) -> UInt64 {
    guard let sender, let connection = senderConnection else { return .max }
    guard now >= sender.nextProbe else { return sender.nextProbe }
    sender.probes += 1
    var line: [UInt8] = []
    progress.lines.append(.probe, sender.probes, to: &line)
    try? connection.write(Bytes(line))
    progress.isProbing.set()
    sender.nextProbe = now + sender.probeInterval
    sender.probeInterval = min(2 * sender.probeInterval, Self.longestProbeInterval)
    return sender.nextProbe
  }

  /// Sends as many messages as the window allows and, in the open loop, only those that are due.
  /// - Returns: the time of the next call.
  func sendMore(_ now: UInt64) -> UInt64 {
    guard let sender, let connection = senderConnection else { return .max }
    noteCompleted(sender)
    guard hot.pointee.phase == .running else { return .max }
    var room = progress.window - (sender.sent - sender.completed)
    hot.pointee.scratch.removeAll(keepingCapacity: true)
    if sender.schedule == nil {
      for _ in 0..<room { append(sender, intended: now) }
    } else {
      while room > 0, appendDue(sender) { room -= 1 }
    }
    // A lost connection is reported through `closed`.
    if !hot.pointee.scratch.isEmpty { try? connection.write(Bytes(hot.pointee.scratch)) }
    guard let schedule = sender.schedule, room > 0 else { return .max }
    return schedule.nextDue
  }

  private func append(_ sender: FanOutSender, intended: UInt64) {
    sender.sent += 1
    progress.lines.append(.message, sender.sent, to: &hot.pointee.scratch)
    progress.noteSent(sender.sent, at: intended)
    if hot.pointee.isMeasuring {
      hot.pointee.records.pointee.sentMessages += 1
      hot.pointee.records.pointee.sentBytes += progress.lines.size
    }
  }

  /// Appends the next scheduled message if it is due.
  private func appendDue(_ sender: FanOutSender) -> Bool {
    sender.schedule?.end = hot.pointee.measureUntil
    let now = Self.clock
    guard let due = sender.schedule?.nextDue, sender.schedule?.popDue(now) != nil else {
      return false
    }
    append(sender, intended: due)
    if isMeasured(due) {
      hot.pointee.records.pointee.sendDelay.note(now - min(now, due))
      if now > due + Self.late { hot.pointee.records.pointee.late += 1 }
    }
    return true
  }

  /// Counts the messages that every receiver has received.
  private func noteCompleted(_ sender: FanOutSender) {
    let completed = min(progress.completed, sender.sent)
    if hot.pointee.isMeasuring {
      hot.pointee.records.pointee.messages += completed - sender.completed
    }
    sender.completed = completed
  }
}
