// How a reader behaves while more has already arrived than its handler has taken: replies leave together,
// and after a number of messages other connections get their turn. Belongs to one reader.

struct MessageStreak {
  /// The weight of what was taken since the reader last waited or yielded.
  private var weight = 0

  /// A handler that takes 64 whole messages, or 256 parts of messages, lets the loop serve other connections
  /// in between.
  private static let longest = 256
  static let wholeMessage = 4
  static let part = 1

  var isOver: Bool { weight >= Self.longest }

  mutating func begin() { weight = 0 }

  /// Something was taken.
  /// - Parameter hasMore: whether more has arrived.
  mutating func note(hasMore: Bool, weight taken: Int, on connection: Connection) {
    weight = hasMore ? weight + taken : 0
    if connection.coalescesReplies.load(ordering: .relaxed) != hasMore {
      connection.coalescesReplies.store(hasMore, ordering: .relaxed)
      if !hasMore, connection.context.options.cancelsOnClose {
        connection.kind.handlerHasTakenAll()
      }
    }
  }

  /// Lets other connections be served. A connection with a thread of its own holds none of them up.
  nonisolated(nonsending) mutating func yield(on connection: Connection) async {
    weight = 0
    if !connection.receivesAtOnce { await Task.yield() }
  }
}
