// What all clients share: the values, and a room for each channel.

import Throng

final class Store: Sendable {
  private let values = Locked<[Bytes: Bytes]>([:])
  private let rooms = Locked<[Bytes: Room]>([:])

  // MARK: Values

  func get(_ key: Bytes) -> Bytes? { values.withLock { $0[key] } }

  /// Keys and values are compacted: a part of what was received would keep the whole receive buffer in memory.
  func set(_ key: Bytes, _ value: Bytes) {
    let value = value.compacted()
    values.withLock { values in
      if let index = values.index(forKey: key) {
        values.values[index] = value
      } else {
        values[key.compacted()] = value
      }
    }
  }

  /// - Returns: how many there were.
  func remove(_ keys: some Sequence<Bytes>) -> Int {
    values.withLock { values in keys.count { values.removeValue(forKey: $0) != nil } }
  }

  /// - Returns: the new number; nil when the value is not a number or would not fit.
  func add(_ amount: Int, to key: Bytes) -> Int? {
    values.withLock { values in
      guard let number = (values[key] ?? "0").integer() else { return nil }
      let (sum, overflow) = number.addingReportingOverflow(amount)
      if overflow { return nil }
      values[key.compacted()] = "\(sum)"
      return sum
    }
  }

  // MARK: Channels

  func subscribe(_ connection: Connection, to channel: Bytes) {
    let room = rooms.withLock { rooms in
      if let room = rooms[channel] { return room }
      let room = Room()
      rooms[channel.compacted()] = room
      return room
    }
    room.join(connection)
  }

  func unsubscribe(_ connection: Connection, from channel: Bytes) {
    rooms.withLock { $0[channel] }?.leave(connection)
  }

  /// - Returns: how many clients it reached.
  func publish(_ message: Bytes, to channel: Bytes) -> Int {
    guard let room = rooms.withLock({ $0[channel] }) else { return 0 }
    return room.broadcast(Reply.push("message", channel, Reply.bulk(message)))
  }
}
