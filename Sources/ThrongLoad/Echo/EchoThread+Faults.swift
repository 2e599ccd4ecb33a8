// Faults of echo connections: the sentence for each, and the end of that connection. The other
// connections continue.
// Runs on the load thread.

import LinuxSystem
import Throng

extension EchoThread {
  func inputEnded(_ connection: Connection) {
    let slot = connection.id
    if clients[slot].state == .open, hot.pointee.phase != .finished {
      let missing = clients[slot].inFlight
      let replies = missing == 1 ? "reply" : "replies"
      let rest = missing > 0 ? ", \(missing) \(replies) missing" : ""
      fail(.closed, slot, "server closed the connection at \(offset(slot))\(rest)")
    }
    connection.close()
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    let slot = connection.id
    let wasOpen = clients[slot].state == .open
    if wasOpen, hot.pointee.phase != .finished {
      fail(.lost, slot, "\(error?.description ?? "connection ended") at \(offset(slot))")
    }
    clients[slot].connection = nil
    if clients[slot].state == .open { clients[slot].state = .over }
    if plan.isChurn, clients[slot].state == .none, hot.pointee.phase == .running {
      return connect(slot, Self.clock)
    }
    if hot.pointee.phase == .draining || wasOpen { timer?.wake() }
  }

  /// A received byte differs from the byte that was sent.
  func reportWrongByte(_ byte: UInt8, at index: Int, _ slot: Int, _ connection: Connection) {
    let position = Int(clients[slot].receivePosition) + index
    let wanted = window.load(fromByteOffset: position, as: UInt8.self)
    clients[slot].received += index
    let hint =
      clients[slot].received == 0 && plan.options.greeting == 0
      ? " (if the server sends a greeting, give its length with --greeting)" : ""
    fail(
      .wrongByte, slot,
      FaultText.wrongByte(byte, expected: wanted, at: clients[slot].received) + hint)
    connection.reset()
  }

  func reportSurplus(_ count: Int, _ slot: Int, _ connection: Connection) {
    reportSurplus("\(count) byte\(count == 1 ? "" : "s")", slot, connection)
  }

  func reportSurplus(_ what: String, _ slot: Int, _ connection: Connection) {
    fail(.surplus, slot, "\(what) more than requested at \(offset(slot))")
    connection.reset()
  }

  func reportEarly(_ count: Int, _ slot: Int, _ connection: Connection) {
    let hint =
      clients[slot].received == 0 && plan.options.greeting == 0
      ? " (if this is a greeting, give --greeting \(count))" : ""
    fail(
      .early, slot,
      "\(count) byte\(count == 1 ? "" : "s") received without a request at "
        + "\(offset(slot))\(hint)")
    connection.reset()
  }

  /// Fails every connection whose oldest reply is later than the timeout.
  func reportTimeouts(_ now: UInt64) {
    guard hot.pointee.totalInFlight > 0 else { return }
    let timeout = UInt64(plan.options.timeout.nanoseconds)
    for slot in clients.indices where clients[slot].inFlight > 0 {
      let group = ring[slot * plan.options.depth + Int(clients[slot].firstGroup)]
      if now > group.sent + timeout { reportTimeout(slot) }
    }
  }

  /// Fails every connection with unanswered messages when the drain time ends.
  func reportUnanswered() {
    for slot in clients.indices where clients[slot].inFlight > 0 { reportTimeout(slot) }
  }

  private func reportTimeout(_ slot: Int) {
    guard clients[slot].state == .open else { return }
    let connection = clients[slot].connection?.takeUnretainedValue()
    let missing = clients[slot].outstanding
    let rest =
      plan.options.exchange == .lines
      ? "" : ", \(missing) byte\(missing == 1 ? "" : "s") missing"
    fail(.noReply, slot, "no reply within \(plan.options.timeout) at \(offset(slot))\(rest)")
    connection?.reset()
  }

  /// Records the fault and stops using the connection.
  private func fail(_ kind: FaultKind, _ slot: Int, _ what: String) {
    let name = slot < activeCount ? "connection" : "idle connection"
    faults.add(kind, "\(name) \(number(of: slot)): \(what)")
    clients[slot].state = .over
    hot.pointee.totalInFlight -= Int(clients[slot].inFlight)
    clients[slot].inFlight = 0
    clients[slot].groupCount = 0
  }

  private func offset(_ slot: Int) -> String { "offset \(clients[slot].received)" }
}
