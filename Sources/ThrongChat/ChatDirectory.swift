// The directory of names and rooms, which all clients of a chat share. Any thread; one lock, never held
// while something is sent.

import Synchronization
import Throng

/// A room of a chat: its name, and the connections that receive its messages.
final class ChatRoom: Sendable {
  let name: ChatName
  let members: Room

  init(_ name: ChatName, historyLines: Int) {
    self.name = name
    members = Room(historyLimit: historyLines)
  }
}

final class ChatDirectory: Sendable {
  struct Member: Sendable {
    let name: String
    let connection: Connection
  }

  /// Some names, and the number of all.
  struct Listing: Sendable, Equatable {
    var names: [String]
    var count: Int
  }

  private struct Occupancy: Sendable {
    let room: ChatRoom
    /// The keys of its members' names.
    var names: Set<String> = []
    /// Orders the rooms that are empty by how long they have been.
    var emptySince = 0
  }

  private struct State: Sendable {
    /// By the key of the name.
    var members: [String: Member] = [:]
    var occupancies: [String: Occupancy] = [:]
    var departures = 0
  }

  let limits: ChatLimits
  let lineRate: LineRateLimiter.Rate
  let byteRate: ByteRateLimiter.Rate
  private let firstRoom: ChatRoom
  private let state: Mutex<State>

  init(_ limits: ChatLimits, firstRoom name: ChatName) {
    self.limits = limits
    lineRate = LineRateLimiter.Rate(rate: limits.rate, burst: limits.burst)
    byteRate = ByteRateLimiter.Rate(rate: limits.byteRate, burst: limits.byteBurst)
    let room = ChatRoom(name, historyLines: limits.historyLines)
    firstRoom = room
    state = Mutex(State(occupancies: [name.key: Occupancy(room: room)]))
  }

  // MARK: Names

  /// Takes a name for a client.
  /// - Returns: nil, or the name of the client that has it.
  func claim(_ name: ChatName, for connection: Connection) -> String? {
    state.withLock { s in
      if let owner = s.members[name.key] { return owner.name }
      s.members[name.key] = Member(name: name.text, connection: connection)
      return nil
    }
  }

  /// Exchanges a name for another.
  /// - Returns: nil, or the name of the client that has the new one.
  func rename(_ old: ChatName, to new: ChatName, in room: ChatRoom) -> String? {
    state.withLock { s in
      if new.key != old.key, let owner = s.members[new.key] { return owner.name }
      guard let member = s.members.removeValue(forKey: old.key) else { return nil }
      s.members[new.key] = Member(name: new.text, connection: member.connection)
      s.occupancies[room.name.key]?.names.remove(old.key)
      s.occupancies[room.name.key]?.names.insert(new.key)
      return nil
    }
  }

  func release(_ name: ChatName) { state.withLock { $0.members[name.key] = nil } }

  func member(_ name: ChatName) -> Member? { state.withLock { $0.members[name.key] } }

  // MARK: Rooms

  func enterFirstRoom(_ member: ChatName) -> ChatRoom {
    state.withLock { _ = $0.occupancies[firstRoom.name.key]?.names.insert(member.key) }
    return firstRoom
  }

  /// Enters a room, which is made if there is none of that name.
  /// - Parameter old: the room that the member is about to leave.
  /// - Returns: nil when there are too many rooms.
  func enter(_ name: ChatName, _ member: ChatName, from old: ChatRoom) -> ChatRoom? {
    state.withLock { s in
      if s.occupancies[name.key] == nil {
        guard makeRoom(&s, for: member, from: old) else { return nil }
        s.occupancies[name.key] = Occupancy(room: ChatRoom(name, historyLines: limits.historyLines))
      }
      s.occupancies[name.key]?.names.insert(member.key)
      return s.occupancies[name.key]?.room
    }
  }

  /// - Returns: the number of members left.
  func leave(_ room: ChatRoom, _ member: ChatName) -> Int {
    state.withLock { s in
      // It may have made room for another, and there may be one of its name again.
      guard var occupancy = s.occupancies[room.name.key], occupancy.room === room else { return 0 }
      occupancy.names.remove(member.key)
      s.departures += 1
      occupancy.emptySince = s.departures
      s.occupancies[room.name.key] = occupancy
      return occupancy.names.count
    }
  }

  /// Number of members.
  func count(in room: ChatRoom) -> Int {
    state.withLock { $0.occupancies[room.name.key]?.names.count ?? 0 }
  }

  /// The members of a room that a client is in.
  func present(in room: ChatRoom) -> Listing {
    state.withLock { s in
      s.occupancies[room.name.key].map { listing($0, s) } ?? Listing(names: [], count: 0)
    }
  }

  /// The members of a room; nil when there is none of that name.
  func present(in room: ChatName) -> (name: String, present: Listing)? {
    state.withLock { s in
      s.occupancies[room.key].map { ($0.room.name.text, listing($0, s)) }
    }
  }

  /// Rooms with members and their number, the largest first.
  var rooms: [(name: String, count: Int)] {
    let all = state.withLock { s in
      s.occupancies.values.filter { !$0.names.isEmpty }.map { ($0.room.name.text, $0.names.count) }
    }
    return all.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Removes a room when the maximum is reached: the one that has been empty for longest, or else the
  /// old room of the member, if that member is alone in it. The first room is never removed.
  private func makeRoom(
    _ s: inout State, for member: ChatName, from old: ChatRoom
  ) -> Bool {
    guard s.occupancies.count >= limits.rooms else { return true }
    let others = s.occupancies.filter { $0.key != firstRoom.name.key }
    let empty = others.filter { $0.value.names.isEmpty }
    if let oldest = empty.min(by: { $0.value.emptySince < $1.value.emptySince }) {
      s.occupancies[oldest.key] = nil
      return true
    }
    guard let own = others[old.name.key], own.names == [member.key] else { return false }
    s.occupancies[old.name.key] = nil
    return true
  }

  private func listing(_ occupancy: Occupancy, _ s: borrowing State) -> Listing {
    let keys = occupancy.names.prefix(ChatLimits.listedNames)
    return Listing(names: keys.compactMap { s.members[$0]?.name }, count: occupancy.names.count)
  }
}
