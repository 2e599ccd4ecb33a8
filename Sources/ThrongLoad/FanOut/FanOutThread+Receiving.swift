// Receive path of a fan-out: splits the input into lines, verifies those with the marker, and lets
// the sender continue once every receiver has the oldest message.
// Runs on the load thread.

import Glibc
import Throng

extension FanOutThread {
  /// Maximum bytes that a server may put before a message in its line.
  static var longestPrefix: Int { 4096 }

  func received(_ bytes: Bytes, on connection: Connection) {
    // The server may or may not send the sender its own lines; they are ignored.
    if isSender(connection.id) { return }
    withExtendedLifetime(bytes) { take(bytes.unsafeBuffer, connection.id) }
  }

  @inline(__always)
  private func take(_ bytes: UnsafeRawBufferPointer, _ slot: Int) {
    let receiver = clients.baseAddress.unsafelyUnwrapped + slot
    guard receiver.pointee.state == .open, var start = bytes.baseAddress else { return }
    let now = Self.clock
    let end = start + bytes.count
    if hot.pointee.isMeasuring { hot.pointee.records.pointee.receivedBytes += bytes.count }
    if !receiver.pointee.partial.isEmpty || receiver.pointee.isSkipping {
      start += finishPartial(bytes, receiver, slot, now)
    }
    while let newline = memchr(start, CInt(UInt8(ascii: "\n")), end - start) {
      let line = UnsafeRawBufferPointer(start: start, count: UnsafeRawPointer(newline) - start)
      take(line: line, receiver, slot, now)
      start = UnsafeRawPointer(newline) + 1
    }
    if start < end {
      keep(UnsafeRawBufferPointer(start: start, count: end - start), receiver)
    }
  }

  /// Completes a partial line, or appends to it.
  /// - Returns: number of bytes that belong to the line, newline included.
  private func finishPartial(
    _ bytes: UnsafeRawBufferPointer, _ receiver: UnsafeMutablePointer<FanOutReceiver>,
    _ slot: Int, _ now: UInt64
  ) -> Int {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      keep(bytes, receiver)
      return bytes.count
    }
    var line: [UInt8] = []
    swap(&line, &receiver.pointee.partial)
    if receiver.pointee.isSkipping {
      receiver.pointee.isSkipping = false
      hot.pointee.records.pointee.otherLines += 1
    } else {
      line += bytes[..<end]
      line.withUnsafeBytes { take(line: $0, receiver, slot, now) }
    }
    return end + 1
  }

  private func keep(
    _ bytes: UnsafeRawBufferPointer, _ receiver: UnsafeMutablePointer<FanOutReceiver>
  ) {
    guard !receiver.pointee.isSkipping else { return }
    receiver.pointee.partial += bytes
    if receiver.pointee.partial.count > progress.lines.size + Self.longestPrefix {
      receiver.pointee.partial = []
      receiver.pointee.isSkipping = true
    }
  }

  @inline(__always)
  private func take(
    line: UnsafeRawBufferPointer, _ receiver: UnsafeMutablePointer<FanOutReceiver>, _ slot: Int,
    _ now: UInt64
  ) {
    guard let offset = progress.lines.offset(in: line, hint: receiver.pointee.prefix) else {
      hot.pointee.records.pointee.otherLines += 1
      return
    }
    receiver.pointee.prefix = offset
    switch progress.lines.content(UnsafeRawBufferPointer(rebasing: line[offset...])) {
    case .message(let number): arrive(number, receiver, slot, now)
    case .probe:
      guard !receiver.pointee.isMember else { return }
      receiver.pointee.isMember = true
      noteReached()
    case .corrupted(let number, let what):
      reportCorrupted(number, what, slot)
      if let number { arrive(number, receiver, slot, now) }
    }
  }

  @inline(__always)
  private func arrive(
    _ number: Int, _ receiver: UnsafeMutablePointer<FanOutReceiver>, _ slot: Int, _ now: UInt64
  ) {
    guard number > 0, number <= progress.sent else { return reportUnknown(number, slot) }
    let last = receiver.pointee.last
    guard number > last else { return reportRepeated(number, after: last, slot) }
    if number > last + 1 { gaps[slot, default: []].append(last + 1...number - 1) }
    receiver.pointee.last = number
    record(number, receiver, now)
    var message = last
    while message < number {
      message += 1
      counts[progress.ring.slot(of: message)] += 1
    }
    settle(now)
  }

  @inline(__always)
  private func record(
    _ number: Int, _ receiver: UnsafeMutablePointer<FanOutReceiver>, _ now: UInt64
  ) {
    let intended = progress.intendedTime(number)
    let latency = now - min(now, intended)
    let records = hot.pointee.records
    if hot.pointee.isMeasuring {
      records.pointee.deliveries += 1
      receiver.pointee.deliveries += 1
      receiver.pointee.latencySum += latency
    }
    let counts = plan.rate == nil ? hot.pointee.isMeasuring : isMeasured(intended)
    if counts { records.pointee.latency.note(latency) }
  }

  /// Advances to the last message that all receivers of this thread have, and tells the sender.
  private func settle(_ now: UInt64) {
    let sent = progress.sent
    var frontier = hot.pointee.frontier
    while frontier < sent, counts[progress.ring.slot(of: frontier + 1)] == hot.pointee.live {
      frontier += 1
      counts[progress.ring.slot(of: frontier)] = 0
    }
    guard frontier > hot.pointee.frontier else { return }
    hot.pointee.frontier = frontier
    progress.advance(index, to: frontier)
    tellSender(now)
  }

  private func tellSender(_ now: UInt64) {
    if hot.pointee.phase == .draining { timer?.wake() }
    if index == 0 {
      _ = sendMore(now)
    } else if plan.rate == nil {
      progress.wakeSender()
    }
  }

  /// Removes a receiver from the count of live receivers.
  func leave(_ slot: Int) {
    let receiver = clients[slot]
    hot.pointee.live -= 1
    if !receiver.isMember { noteReached() }
    var message = hot.pointee.frontier
    while message < receiver.last {
      message += 1
      counts[progress.ring.slot(of: message)] -= 1
    }
    let now = Self.clock
    if hot.pointee.live > 0 { return settle(now) }
    progress.advance(index, to: .max)
    tellSender(now)
  }
}
