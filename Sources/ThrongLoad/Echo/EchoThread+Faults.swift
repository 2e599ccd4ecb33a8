// Faults of echo connections: the sentence for each, and the end of that connection. The other
// connections continue.
// Runs on the load thread.

import LinuxSystem
import Throng

extension EchoThread {
  func inputEnded(_ connection: Connection) {
    let slot = connection.id
    if clients[slot].state == .open, hot.pointee.phase != .finished {
      let missing = Int(clients[slot].inFlight)
      let rest = missing > 0 ? ", \(Plural(missing, "reply", plural: "replies")) missing" : ""
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
    if plan.load.isChurn, clients[slot].state == .none, hot.pointee.phase == .running {
      return connect(slot, Self.clock)
    }
    if hot.pointee.phase == .draining || wasOpen { timer?.wake() }
  }

  /// What was received differs from what was sent, or is more than was requested.
  func report(_ fault: EchoStream.Fault, _ slot: Int, _ connection: Connection) {
    let received = clients[slot].stream.received
    var hint: FaultHint?
    if case .wrongByte = fault, received == 0 { hint = greetingHint(nil) }
    fail(fault.kind, slot, hint: hint, fault.sentence(at: received))
    connection.reset()
  }

  func reportEarly(_ count: Int, _ slot: Int, _ connection: Connection) {
    let hint = clients[slot].stream.received == 0 ? greetingHint(count) : nil
    fail(
      .early, slot, hint: hint,
      "\(Plural(count, "byte")) received without a request at \(offset(slot))")
    connection.reset()
  }

  private func greetingHint(_ bytes: Int?) -> FaultHint? {
    plan.load.messages.greeting == 0 ? .greeting(bytes: bytes) : nil
  }

  /// Fails every connection whose oldest reply is later than the timeout.
  func reportTimeouts(_ now: UInt64) {
    guard hot.pointee.totalInFlight > 0 else { return }
    for slot in clients.indices where clients[slot].inFlight > 0 {
      let group = ring[slot * plan.load.depth + Int(clients[slot].firstGroup)]
      if now > group.sent + plan.timeout { reportTimeout(slot) }
    }
  }

  /// Fails every connection with unanswered messages when the drain time ends.
  func reportUnanswered() {
    for slot in clients.indices where clients[slot].inFlight > 0 { reportTimeout(slot) }
  }

  private func reportTimeout(_ slot: Int) {
    guard clients[slot].state == .open else { return }
    let connection = clients[slot].connection?.takeUnretainedValue()
    let missing = clients[slot].stream.outstanding
    let rest = plan.load.messages.reply == .line ? "" : ", \(Plural(missing, "byte")) missing"
    fail(.noReply, slot, "no reply within \(plan.options.timeout) at \(offset(slot))\(rest)")
    connection?.reset()
  }

  /// Records the fault and stops using the connection.
  private func fail(_ kind: FaultKind, _ slot: Int, hint: FaultHint? = nil, _ what: String) {
    let name = slot < activeCount ? "connection" : "idle connection"
    faults.add(kind, hint: hint, "\(name) \(number(of: slot)): \(what)")
    clients[slot].state = .over
    hot.pointee.totalInFlight -= Int(clients[slot].inFlight)
    clients[slot].inFlight = 0
    clients[slot].groupCount = 0
  }

  private func offset(_ slot: Int) -> String { "offset \(clients[slot].stream.received)" }
}
