// Receive path of the echo load: compares every byte with what the connection sent, records
// completed messages and, in the closed loop, sends the next ones.
// Runs on the load thread; one clock read per receive, no allocation.

import Throng

extension EchoThread {
  func received(_ bytes: Bytes, on connection: Connection) {
    withExtendedLifetime(bytes) { take(bytes.unsafeBuffer, connection.id, connection) }
  }

  @inline(__always)
  private func take(_ bytes: UnsafeRawBufferPointer, _ slot: Int, _ connection: Connection) {
    let client = clients.baseAddress.unsafelyUnwrapped + slot
    guard client.pointee.state == .open else { return }
    let now = Self.clock
    var input = bytes
    if client.pointee.stream.greetingLeft > 0 {
      input = skipGreeting(input, client, connection)
      if input.isEmpty { return }
    }
    guard client.pointee.inFlight > 0 else { return reportEarly(input.count, slot, connection) }
    if hot.pointee.isMeasuring { hot.pointee.records.pointee.receivedBytes += input.count }
    let taken = client.pointee.stream.take(input, plan, window)
    let completed = complete(taken.units, client, now, slot)
    if let fault = taken.fault { return report(fault, slot, connection) }
    guard completed > 0 else { return }
    finish(completed, client, now, slot, connection)
  }

  private func skipGreeting(
    _ bytes: UnsafeRawBufferPointer, _ client: UnsafeMutablePointer<EchoConnection>,
    _ connection: Connection
  ) -> UnsafeRawBufferPointer {
    let rest = client.pointee.stream.skipGreeting(bytes)
    if client.pointee.stream.greetingLeft == 0 {
      let isHeld = isHeld(connection.id)
      if isHeld { client.pointee.wasServed = true }
      if plan.load.isChurn, !isHeld, hot.pointee.phase == .running {
        sendFirst(connection.id, connection)
      }
    }
    return rest
  }

  /// Assigns received units to the messages in flight and records the completed ones.
  @inline(__always)
  private func complete(
    _ units: Int, _ client: UnsafeMutablePointer<EchoConnection>, _ now: UInt64, _ slot: Int
  ) -> Int {
    var left = units + Int(client.pointee.partial)
    var completed = 0
    while client.pointee.groupCount > 0 {
      let group = ring + slot * plan.load.depth + Int(client.pointee.firstGroup)
      let size = Int(group.pointee.replySize)
      guard left >= size else { break }
      // Avoids a division in the common case of one message.
      let full = left < 2 * size ? 1 : min(left / size, Int(group.pointee.count))
      left -= full * size
      completed += full
      record(full, group.pointee, now, client)
      group.pointee.count -= UInt32(truncatingIfNeeded: full)
      if group.pointee.count == 0 { dropGroup(client) }
    }
    client.pointee.partial = UInt32(truncatingIfNeeded: left)
    return completed
  }

  @inline(__always)
  private func dropGroup(_ client: UnsafeMutablePointer<EchoConnection>) {
    client.pointee.groupCount -= 1
    client.pointee.firstGroup += 1
    if client.pointee.firstGroup == UInt32(truncatingIfNeeded: plan.load.depth) {
      client.pointee.firstGroup = 0
    }
  }

  @inline(__always)
  private func record(
    _ count: Int, _ group: InFlightGroup, _ now: UInt64,
    _ client: UnsafeMutablePointer<EchoConnection>
  ) {
    if hot.pointee.isMeasuring {
      hot.pointee.records.pointee.messages += count
      client.pointee.replies += count
    }
    if isOpenLoop {
      guard isMeasured(group.intended) else { return }
      hot.pointee.records.pointee.uncorrected.note(now - min(now, group.sent), count: count)
    } else if !hot.pointee.isMeasuring {
      return
    }
    hot.pointee.records.pointee.latency.note(now - min(now, group.intended), count: count)
  }

  /// Updates the connection after completed replies, then closes (churn), or sends the next
  /// messages.
  @inline(__always)
  private func finish(
    _ completed: Int, _ client: UnsafeMutablePointer<EchoConnection>, _ now: UInt64, _ slot: Int,
    _ connection: Connection
  ) {
    client.pointee.inFlight -= UInt32(truncatingIfNeeded: completed)
    client.pointee.wasServed = true
    hot.pointee.totalInFlight -= completed
    if plan.load.isChurn {
      client.pointee.state = .none
      return connection.close()
    }
    guard hot.pointee.phase == .running, !isOpenLoop else {
      if isOpenLoop { sendWaiting(slot, now) }
      if hot.pointee.phase == .draining, hot.pointee.totalInFlight == 0 { timer?.wake() }
      return
    }
    send(completed, slot, connection, intended: now, now: now)
  }
}
