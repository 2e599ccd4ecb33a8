// Whether each client of the torture received what it should, according to the closed ledger.

import TestSupport

struct RoomVerdict {
  /// By sender and number.
  private let messages: [[RoomLedger.Message]]
  /// By client and room.
  private let stays: [[Int: [RoomLedger.Stay]]]
  /// By room, in the order in which they were begun.
  private let messagesByRoom: [Int: [RoomLedger.Message]]

  init(_ messages: [[RoomLedger.Message]], _ stays: [[RoomLedger.Stay]]) {
    self.messages = messages
    self.stays = stays.map { Dictionary(grouping: $0, by: \.room) }
    messagesByRoom = Dictionary(grouping: messages.joined(), by: \.room)
      .mapValues { $0.sorted { $0.start < $1.start } }
  }

  /// Throws at the first message that should not have come, came twice, out of order, or not at all.
  func check(_ ids: [UInt64], of receiver: Int, wasComplete: Bool) throws {
    try checkWhatCame(ids, to: receiver)
    if wasComplete { try checkWhatMustCome(Set(ids), to: receiver) }
  }

  private func checkWhatCame(_ ids: [UInt64], to receiver: Int) throws {
    var last: [UInt64: UInt64] = [:]
    for id in ids {
      let (room, sender, number) = RoomLedger.parts(of: id)
      let previous = last.updateValue(id, forKey: id >> 32)
      try demand(
        previous.map { $0 < id } ?? true,
        "client \(receiver): \(number) of \(sender) in room \(room) comes after \(previous ?? 0)"
      )
      let message = messages[sender][number]
      let isForReceiver = (stays[receiver][room] ?? []).contains {
        message.done > $0.joinStart && message.start < $0.leaveDone
      }
      try demand(
        sender != receiver && isForReceiver,
        "client \(receiver) was not in room \(room) when \(sender) sent \(number)")
    }
  }

  private func checkWhatMustCome(_ received: Set<UInt64>, to receiver: Int) throws {
    for (room, stays) in stays[receiver] {
      for message in messagesByRoom[room] ?? [] {
        let mustCome = stays.contains {
          $0.joinDone < message.start && message.done < $0.leaveStart
        }
        guard mustCome, !received.contains(message.id) else { continue }
        let (_, sender, number) = RoomLedger.parts(of: message.id)
        try demand(
          sender == receiver,
          "client \(receiver) misses \(number) of \(sender) in room \(room)")
      }
    }
  }

  /// A type's own `check` hides the function of that name.
  private func demand(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw TestFailure(text()) }
  }
}
