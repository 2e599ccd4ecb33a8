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

  /// - Returns: whether it was over: other connections get their turn before anything more is taken.
  mutating func endTurn() -> Bool {
    defer { if isOver { weight = 0 } }
    return isOver
  }
}
