// Who is here and where: the directory of names and rooms, which all clients of a chat share. Any
// thread; one small lock, never held while something is sent.

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
    var names: Set<String> = []
    /// Orders the rooms that are empty by how long they have been.
    var emptySince = 0
  }

  private struct State: Sendable {
    var members: [String: Member] = [:]
    var places: [String: Place] = [:]
    var departures = 0
  }

  let limits: ChatLimits
  let pace: FloodGate.Pace
  private let firstRoom: ChatRoom
  private let state: Mutex<State>

  init(_ limits: ChatLimits, firstRoom name: ChatName) {
    self.limits = limits
    pace = FloodGate.Pace(rate: limits.rate, burst: limits.burst)
    let room = ChatRoom(name, historyLines: limits.historyLines)
    firstRoom = room
    state = Mutex(State(places: [name.key: Place(room: room)]))
  }

  // MARK: Names

  /// Takes a name for a client.
  /// - Returns: nil, or who has that name or one like it.
  func claim(_ name: ChatName, for connection: Connection) -> String? {
    state.withLock { s in
      if let owner = s.members[name.key] { return owner.name }
      s.members[name.key] = Member(name: name.text, connection: connection)
      return nil
    }
  }

  /// Exchanges a name for another.
  /// - Returns: nil, or who has the other name or one like it.
  func rename(_ old: ChatName, to new: ChatName, in room: ChatRoom) -> String? {
    state.withLock { s in
      if old.key != new.key, let owner = s.members[new.key] { return owner.name }
      guard let member = s.members.removeValue(forKey: old.key) else { return nil }
      s.members[new.key] = Member(name: new.text, connection: member.connection)
      s.places[room.name.key]?.names.remove(old.text)
      s.places[room.name.key]?.names.insert(new.text)
      return nil
    }
  }

  func release(_ name: ChatName) {
    state.withLock { _ = $0.members.removeValue(forKey: name.key) }
  }

  func member(_ name: ChatName) -> Member? { state.withLock { $0.members[name.key] } }

  // MARK: Rooms

  /// Enters the room in which everybody begins.
  func enterFirstRoom(_ member: ChatName) -> (room: ChatRoom, present: Listing) {
    state.withLock { s in
      var place = s.places[firstRoom.name.key] ?? Place(room: firstRoom)
      place.names.insert(member.text)
      s.places[firstRoom.name.key] = place
      return (firstRoom, listing(place))
    }
  }

  /// Enters a room, which is made if there is none of that name.
  /// - Returns: nil when there are too many rooms.
  func enter(
    _ name: ChatName, _ member: ChatName
  ) -> (room: ChatRoom, present: Listing)? {
    state.withLock { s in
      if s.places[name.key] == nil {
        guard makeRoom(&s) else { return nil }
        s.places[name.key] = Place(room: ChatRoom(name, historyLines: limits.historyLines))
      }
      s.places[name.key]?.names.insert(member.text)
      return s.places[name.key].map { ($0.room, listing($0)) }
    }
  }

  /// - Returns: how many stay.
  func leave(_ room: ChatRoom, _ member: ChatName) -> Int {
    state.withLock { s in
      guard var place = s.places[room.name.key] else { return 0 }
      place.names.remove(member.text)
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

  /// Who is in a room; nil when there is no such room.
  func present(in room: ChatName) -> (name: String, present: Listing)? {
    state.withLock { s in
      s.places[room.key].map { ($0.room.name.text, listing($0)) }
    }
  }

  /// The rooms with somebody in them and how many that are, the fullest first.
  var rooms: [(name: String, count: Int)] {
    let all = state.withLock { s in
      s.places.values.filter { !$0.names.isEmpty }.map { ($0.room.name.text, $0.names.count) }
    }
    return all.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Makes room for one more room, at the cost of the one that has been empty the longest. Everybody
  /// begins in the first one, which stays.
  private func makeRoom(_ s: inout State) -> Bool {
    guard s.places.count >= limits.rooms else { return true }
    let empty = s.places.filter { $0.value.names.isEmpty && $0.key != firstRoom.name.key }
    guard let oldest = empty.min(by: { $0.value.emptySince < $1.value.emptySince }) else {
      return false
    }
    s.places[oldest.key] = nil
    return true
  }

  private func listing(_ place: Place) -> Listing {
    Listing(
      names: Array(place.names.prefix(ChatLimits.listedNames)), count: place.names.count)
  }
}
