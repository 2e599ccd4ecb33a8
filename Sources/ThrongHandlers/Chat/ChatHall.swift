// Who is here and where: the directory of names and rooms, which all clients of a chat share. Any
// thread; one small lock, never held while something is sent.

import LinuxSystem
import Synchronization
import Throng

/// A room of a chat: its name, and who hears what is said in it.
final class ChatRoom: Sendable {
  let name: ChatName
  let members: Room

  init(_ name: ChatName, historyLines: Int) {
    self.name = name
    members = Room(historyLimit: historyLines)
  }
}

final class ChatHall: Sendable {
  struct Member: Sendable {
    let name: String
    let connection: Connection
  }

  /// A few names, and how many there are.
  struct Listing: Sendable, Equatable {
    var names: [String]
    var count: Int
  }

  private struct Place: Sendable {
    let room: ChatRoom
    /// The keys of those who are in it.
    var names: Set<String> = []
    /// Orders the rooms that are empty by how long they have been.
    var emptySince = 0
  }

  private struct State: Sendable {
    /// Each under all keys of its name.
    var members: [String: Member] = [:]
    var places: [String: Place] = [:]
    var departures = 0
  }

  let limits: ChatLimits
  let pace: FloodGate.Pace
  let bytePace: ByteBudget.Pace
  private let firstRoom: ChatRoom
  private let state: Mutex<State>

  init(_ limits: ChatLimits, firstRoom name: ChatName) {
    self.limits = limits
    pace = FloodGate.Pace(rate: limits.rate, burst: limits.burst)
    bytePace = ByteBudget.Pace(rate: limits.byteRate, burst: limits.byteBurst)
    let room = ChatRoom(name, historyLines: limits.historyLines)
    firstRoom = room
    state = Mutex(State(places: [name.key: Place(room: room)]))
  }

  // MARK: Names

  /// Takes a name for a client.
  /// - Returns: nil, or who has that name or one like it.
  func claim(_ name: ChatName, for connection: Connection) -> String? {
    state.withLock { s in
      if let owner = Self.owner(of: name, s) { return owner.name }
      Self.register(name, Member(name: name.text, connection: connection), &s)
      return nil
    }
  }

  /// Exchanges a name for another.
  /// - Returns: nil, or who has the other name or one like it.
  func rename(_ old: ChatName, to new: ChatName, in room: ChatRoom) -> String? {
    state.withLock { s in
      guard let member = s.members[old.key] else { return nil }
      Self.register(old, nil, &s)
      if let owner = Self.owner(of: new, s) {
        Self.register(old, member, &s)
        return owner.name
      }
      Self.register(new, Member(name: new.text, connection: member.connection), &s)
      s.places[room.name.key]?.names.remove(old.key)
      s.places[room.name.key]?.names.insert(new.key)
      return nil
    }
  }

  func release(_ name: ChatName) { state.withLock { Self.register(name, nil, &$0) } }

  private static func owner(of name: ChatName, _ s: borrowing State) -> Member? {
    if let owner = s.members[name.key] { return owner }
    for key in name.moreKeys { if let owner = s.members[key] { return owner } }
    return nil
  }

  /// - Parameter member: whose name it is from now on; nil: nobody's.
  private static func register(_ name: ChatName, _ member: Member?, _ s: inout State) {
    s.members[name.key] = member
    for key in name.moreKeys { s.members[key] = member }
  }

  func member(_ name: ChatName) -> Member? { state.withLock { $0.members[name.key] } }

  // MARK: Rooms

  /// Enters the room in which everybody begins.
  func enterFirstRoom(_ member: ChatName) -> ChatRoom {
    state.withLock { s in
      s.places[firstRoom.name.key, default: Place(room: firstRoom)].names.insert(member.key)
      return firstRoom
    }
  }

  /// Enters a room, which is made if there is none of that name.
  /// - Parameter old: the room that the member is about to leave.
  /// - Returns: nil when there are too many rooms.
  func enter(_ name: ChatName, _ member: ChatName, from old: ChatRoom) -> ChatRoom? {
    state.withLock { s in
      if s.places[name.key] == nil {
        guard makeRoom(&s, for: member, from: old) else { return nil }
        s.places[name.key] = Place(room: ChatRoom(name, historyLines: limits.historyLines))
      }
      s.places[name.key]?.names.insert(member.key)
      return s.places[name.key]?.room
    }
  }

  /// - Returns: how many stay.
  func leave(_ room: ChatRoom, _ member: ChatName) -> Int {
    state.withLock { s in
      // It may have made room for another, and there may be one of its name again.
      guard var place = s.places[room.name.key], place.room === room else { return 0 }
      place.names.remove(member.key)
      s.departures += 1
      place.emptySince = s.departures
      s.places[room.name.key] = place
      return place.names.count
    }
  }

  /// How many are in a room.
  func count(in room: ChatRoom) -> Int {
    state.withLock { $0.places[room.name.key]?.names.count ?? 0 }
  }

  /// Who is in the room of one of its members.
  func present(in room: ChatRoom) -> Listing {
    state.withLock { s in
      s.places[room.name.key].map { listing($0, s) } ?? Listing(names: [], count: 0)
    }
  }

  /// Who is in a room; nil when there is no such room.
  func present(in room: ChatName) -> (name: String, present: Listing)? {
    state.withLock { s in
      s.places[room.key].map { ($0.room.name.text, listing($0, s)) }
    }
  }

  /// The rooms with somebody in them and how many that are, the fullest first.
  var rooms: [(name: String, count: Int)] {
    let all = state.withLock { s in
      s.places.values.filter { !$0.names.isEmpty }.map { ($0.room.name.text, $0.names.count) }
    }
    return all.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Makes room for one more room, at the cost of the one that has been empty the longest, or else of
  /// the one in which the member who goes to the new one leaves nobody behind. Everybody begins in the
  /// first one, which stays.
  private func makeRoom(
    _ s: inout State, for member: ChatName, from old: ChatRoom
  ) -> Bool {
    guard s.places.count >= limits.rooms else { return true }
    let others = s.places.filter { $0.key != firstRoom.name.key }
    let empty = others.filter { $0.value.names.isEmpty }
    if let oldest = empty.min(by: { $0.value.emptySince < $1.value.emptySince }) {
      s.places[oldest.key] = nil
      return true
    }
    guard let own = others[old.name.key], own.names == [member.key] else { return false }
    s.places[old.name.key] = nil
    return true
  }

  private func listing(_ place: Place, _ s: borrowing State) -> Listing {
    let keys = place.names.prefix(ChatLimits.listedNames)
    return Listing(names: keys.compactMap { s.members[$0]?.name }, count: place.names.count)
  }
}
