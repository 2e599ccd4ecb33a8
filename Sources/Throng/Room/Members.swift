// The members of a room: a list that is copied only when it is changed while a broadcast goes
// through it, and each member's place in it.

struct Members {
  private(set) var all: ContiguousArray<Connection> = []
  private var places: [ObjectIdentifier: Int] = [:]

  var count: Int { all.count }

  func contains(_ connection: Connection) -> Bool {
    places[ObjectIdentifier(connection)] != nil
  }

  /// Does nothing for a member.
  mutating func insert(_ connection: Connection) {
    guard !contains(connection) else { return }
    places[ObjectIdentifier(connection)] = all.count
    all.append(connection)
  }

  /// The last member takes the place.
  /// - Returns: false when the connection is not a member.
  mutating func remove(_ connection: Connection) -> Bool {
    guard let place = places.removeValue(forKey: ObjectIdentifier(connection)) else { return false }
    let last = all.removeLast()
    if place < all.count {
      all[place] = last
      places[ObjectIdentifier(last)] = place
    }
    return true
  }
}
