// How an iterator over lines or frames behaves while several whole messages have already arrived: the
// replies to them leave together, and after a number of messages other connections get their turn.
// Belongs to one iterator.

struct MessageStreak {
  /// Messages taken since the iterator last waited or yielded.
  private var count = 0

  /// A client with this many messages at hand lets the loop serve other connections in between.
  static let longest = 64

  var isOver: Bool { count >= Self.longest }

  mutating func begin() { count = 0 }

  /// A message was taken.
  /// - Parameter hasMore: whether another whole one has arrived.
  mutating func note(hasMore: Bool, on connection: Connection) {
    count = hasMore ? count + 1 : 0
    if connection.coalescesReplies.load(ordering: .relaxed) != hasMore {
      connection.coalescesReplies.store(hasMore, ordering: .relaxed)
    }
  }

  /// Lets other connections be served. A connection with a thread of its own holds none of them up.
  nonisolated(nonsending) mutating func yield(on connection: Connection) async {
    count = 0
    if !connection.receivesAtOnce { await Task.yield() }
  }
}
