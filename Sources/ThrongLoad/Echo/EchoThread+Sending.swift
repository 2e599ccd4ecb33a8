// Send path of the echo load. Closed loop: a reply makes room for the next message. Open loop:
// messages are sent on schedule.
// Runs on the load thread.

import Throng

extension EchoThread {
  /// Starts the closed loop: sends the first messages on every connection. Churn: opens the first
  /// connections.
  func beginSending(_ now: UInt64) {
    if plan.load.isIdle { return }
    for slot in 0..<activeCount {
      if plan.load.isChurn {
        connect(slot, now)
      } else if let connection = clients[slot].connection, clients[slot].state == .open {
        let now = Self.clock
        send(plan.load.depth, slot, connection.takeUnretainedValue(), intended: now, now: now)
      }
    }
  }

  /// Sends the one message of a churn connection. Its latency counts from the connect.
  func sendFirst(_ slot: Int, _ connection: Connection) {
    guard clients[slot].stream.greetingLeft == 0 else { return }
    send(1, slot, connection, intended: clients[slot].connectTime, now: Self.clock)
  }

  /// Sends `count` messages, all but lines of several sizes in one write.
  @inline(__always)
  func send(_ count: Int, _ slot: Int, _ connection: Connection, intended: UInt64, now: UInt64) {
    if let size = plan.sampler.fixedSize {
      note(count, of: size, slot, intended, now)
      transmit(count, of: size, slot, connection)
    } else {
      sendDrawn(count, slot, connection, intended, now)
    }
  }

  private func sendDrawn(
    _ count: Int, _ slot: Int, _ connection: Connection, _ intended: UInt64, _ now: UInt64
  ) {
    var total = 0
    for _ in 0..<count {
      let size = clients[slot].stream.nextSize(plan.sampler)
      note(1, of: size, slot, intended, now)
      if case .line = plan.load.messages.reply { transmit(1, of: size, slot, connection) }
      total += size
    }
    if case .line = plan.load.messages.reply { return }
    transmit(1, of: total, slot, connection)
  }

  /// Adds messages to those in flight.
  @inline(__always)
  private func note(_ count: Int, of size: Int, _ slot: Int, _ intended: UInt64, _ now: UInt64) {
    let reply = plan.replyUnits(to: size)
    let depth = UInt32(truncatingIfNeeded: plan.load.depth)
    let client = clients.baseAddress.unsafelyUnwrapped + slot
    client.pointee.stream.request(reply * count)
    client.pointee.inFlight += UInt32(truncatingIfNeeded: count)
    var entry = client.pointee.firstGroup + client.pointee.groupCount
    if entry >= depth { entry -= depth }
    client.pointee.groupCount += 1
    ring[slot * plan.load.depth + Int(entry)] = InFlightGroup(
      intended: intended, sent: now, replySize: UInt32(truncatingIfNeeded: reply),
      count: UInt32(truncatingIfNeeded: count))
    hot.pointee.totalInFlight += count
    if hot.pointee.isMeasuring {
      hot.pointee.records.pointee.sentMessages += count
      hot.pointee.records.pointee.sentBytes += size * count
    }
  }

  /// Writes messages. A lost connection is reported through `closed`.
  @inline(__always)
  private func transmit(_ count: Int, of size: Int, _ slot: Int, _ connection: Connection) {
    if case .line = plan.load.messages.reply { return transmitLines(count, of: size, connection) }
    var left = count * size
    while left > 0 {
      let piece = clients[slot].stream.nextPiece(plan, atMost: left)
      left -= piece.count
      try? connection.write(piece)
    }
  }

  private func transmitLines(_ count: Int, of size: Int, _ connection: Connection) {
    hot.pointee.scratch.removeAll(keepingCapacity: true)
    for _ in 0..<count { MessageLine.append(size, to: &hot.pointee.scratch) }
    try? connection.write(Bytes(hot.pointee.scratch))
  }

  // MARK: Open loop

  /// Sends the due messages on connections with free depth. A due message of a busy connection
  /// waits for its replies.
  /// - Returns: the time of the next due message.
  func sendDue(_ now: UInt64) -> UInt64 {
    guard schedule != nil, let times else { return .max }
    schedule?.end = times.measureUntil
    while let due = schedule?.nextDue, let slot = schedule?.popDue(Self.clock) {
      schedule?.waiting += 1
      let isFree = clients[slot].state == .open && Int(clients[slot].inFlight) < plan.load.depth
      let now = Self.clock
      // Only a free connection shows the delay of the generator itself.
      if isFree, isMeasured(due) { hot.pointee.records.pointee.sendDelay.note(now - min(now, due)) }
      sendWaiting(slot, now)
    }
    return min(schedule?.nextDue ?? .max, times.measureUntil)
  }

  /// Sends the due messages of one connection, up to its depth.
  func sendWaiting(_ slot: Int, _ now: UInt64) {
    guard let schedule, clients[slot].state == .open, let connection = clients[slot].connection
    else { return }
    let due = schedule.dueCount(connection: slot)
    while clients[slot].nextMessage < due, Int(clients[slot].inFlight) < plan.load.depth {
      let intended = schedule.due(connection: slot, message: clients[slot].nextMessage)
      clients[slot].nextMessage += 1
      self.schedule?.waiting -= 1
      if isMeasured(intended), now > intended + Self.late {
        hot.pointee.records.pointee.late += 1
      }
      send(1, slot, connection.takeUnretainedValue(), intended: intended, now: now)
    }
  }

  /// Counts the messages that were due in the measured time and not sent.
  func countUnsent() {
    guard let schedule else { return }
    for slot in 0..<activeCount {
      let next = clients[slot].nextMessage
      for message in next..<max(next, schedule.dueCount(connection: slot))
      where isMeasured(schedule.due(connection: slot, message: message)) {
        hot.pointee.records.pointee.unsent += 1
      }
    }
  }
}
