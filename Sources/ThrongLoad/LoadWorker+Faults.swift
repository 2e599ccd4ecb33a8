// What goes wrong with a connection: the sentence that says it, and the end of that connection. The
// others go on.

import Throng

extension LoadWorker {
  func inputEnded(_ connection: Connection) {
    let place = connection.id
    if clients[place].state == .open, hot.pointee.phase != .finished {
      let missing = clients[place].inFlight
      let replies = missing == 1 ? "reply" : "replies"
      let rest = missing > 0 ? ", with \(missing) \(replies) to come" : ""
      blame(.closed, place, "the server closed it at \(offset(place))\(rest)")
    }
    connection.close()
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    let place = connection.id
    let wasOpen = clients[place].state == .open
    if wasOpen, hot.pointee.phase != .finished {
      blame(.lost, place, "\(error?.description ?? "it ended") at \(offset(place))")
    }
    clients[place].connection = nil
    if clients[place].state == .open { clients[place].state = .over }
    if plan.isChurn, clients[place].state == .none, hot.pointee.phase == .running {
      return connect(place, Self.clock)
    }
    if hot.pointee.phase == .draining || wasOpen { timer?.poke() }
  }

  /// The first byte that is not as it should be.
  func blameByte(_ byte: UInt8, at index: Int, _ place: Int, _ connection: Connection) {
    let position = Int(clients[place].receivePosition) + index
    let wanted = window.load(fromByteOffset: position, as: UInt8.self)
    clients[place].received += index
    let hint =
      clients[place].received == 0 && plan.options.greeting == 0
      ? " (does the server speak first? give the length of that as --greeting)" : ""
    blame(
      .wrongByte, place,
      FaultText.wrongByte(byte, expected: wanted, at: clients[place].received) + hint)
    connection.reset()
  }

  func blameSurplus(_ count: Int, _ place: Int, _ connection: Connection) {
    blameSurplus("\(count) byte\(count == 1 ? "" : "s")", place, connection)
  }

  func blameSurplus(_ what: String, _ place: Int, _ connection: Connection) {
    blame(.surplus, place, "\(what) more than were asked for, at \(offset(place))")
    connection.reset()
  }

  func blameEarly(_ count: Int, _ place: Int, _ connection: Connection) {
    let hint =
      clients[place].received == 0 && plan.options.greeting == 0
      ? " (does the server speak first? try --greeting \(count))" : ""
    blame(
      .early, place,
      "\(count) byte\(count == 1 ? "" : "s") came while nothing was asked for, at "
        + "\(offset(place))\(hint)")
    connection.reset()
  }

  /// Who has waited for a reply longer than the timeout.
  func blameSilent(_ now: UInt64) {
    guard hot.pointee.totalInFlight > 0 else { return }
    let timeout = UInt64(plan.options.timeout.nanoseconds)
    for place in clients.indices where clients[place].inFlight > 0 {
      let group = ring[place * plan.options.depth + Int(clients[place].firstGroup)]
      if now > group.sent + timeout { blameSilence(place) }
    }
  }

  /// The time to wait for replies is over.
  func blameUnanswered() {
    for place in clients.indices where clients[place].inFlight > 0 { blameSilence(place) }
  }

  private func blameSilence(_ place: Int) {
    guard clients[place].state == .open else { return }
    let connection = clients[place].connection?.takeUnretainedValue()
    let missing = clients[place].outstanding
    let rest =
      plan.options.exchange == .lines
      ? "" : ", with \(missing) byte\(missing == 1 ? "" : "s") to come"
    blame(.noReply, place, "no reply within \(plan.options.timeout) at \(offset(place))\(rest)")
    connection?.reset()
  }

  private func blame(_ kind: FaultKind, _ place: Int, _ what: String) {
    let name = place < activeCount ? "connection" : "idle connection"
    faults.add(kind, "\(name) \(number(of: place)): \(what)")
    clients[place].state = .over
    hot.pointee.totalInFlight -= Int(clients[place].inFlight)
    clients[place].inFlight = 0
    clients[place].groupCount = 0
  }

  private func offset(_ place: Int) -> String { "offset \(clients[place].received)" }
}
