// Open-loop schedule: message k of a load thread is due at begin + offset + k × interval, on the
// thread's connections in turn.
// The due time follows from the number, so messages waiting for a busy connection need no queue. A
// value owned by the load thread.

struct Schedule {
  private let begin: Double
  /// Nanoseconds between two messages of this load thread.
  private let interval: Double
  private let connections: Int
  /// Number of the first message that is not due yet.
  private(set) var next = 0
  /// Due messages waiting for their connection.
  var waiting = 0
  /// Monotonic time from which on no message is due.
  var end: UInt64 = .max

  init(
    begin: UInt64, rate: Double, index: Int, threads: Int, connections: Int, of total: Int
  ) {
    let share = rate * Double(connections) / Double(total)
    interval = 1e9 / share
    self.begin = Double(begin) + interval * Double(index) / Double(threads)
    self.connections = connections
  }

  /// Due time in nanoseconds; `.max` for a time beyond the range of the clock.
  func due(_ message: Int) -> UInt64 {
    let time = begin + interval * Double(message)
    return time < 9e18 ? UInt64(time) : .max
  }

  /// Due time of a connection's own message, numbered from 0.
  func due(connection: Int, message: Int) -> UInt64 { due(message * connections + connection) }

  /// Due time of the next message.
  var nextDue: UInt64 { due(next) }

  /// Removes the next message if it is due.
  /// - Returns: its connection; nil when no message is due.
  mutating func popDue(_ now: UInt64) -> Int? {
    guard nextDue <= now, nextDue < end else { return nil }
    defer { next += 1 }
    return next % connections
  }

  /// Number of messages of a connection that are due so far.
  func dueCount(connection: Int) -> Int {
    next > connection ? (next - connection - 1) / connections + 1 : 0
  }

  /// Whether no message is due or waiting.
  func isEmpty(_ now: UInt64) -> Bool { waiting == 0 && (nextDue > now || nextDue >= end) }
}
