// The open loop's schedule: message k of a worker is due at begin + offset + k × interval, on the
// worker's connections in turn. When each message is due follows from its number alone, so nothing is
// queued while a connection is busy.

struct Schedule {
  private let begin: Double
  /// Nanoseconds between two messages of this worker.
  private let interval: Double
  private let connections: Int
  /// The number of the next message whose time has not come yet.
  private(set) var next = 0
  /// Messages whose time has come and that wait for their connection.
  var waiting = 0
  /// No message is due from here on.
  var end: UInt64 = .max

  init(
    begin: UInt64, rate: Double, index: Int, threads: Int, connections: Int, of total: Int
  ) {
    let share = rate * Double(connections) / Double(total)
    interval = 1e9 / share
    self.begin = Double(begin) + interval * Double(index) / Double(threads)
    self.connections = connections
  }

  /// A time that is centuries away is never.
  func due(_ message: Int) -> UInt64 {
    let time = begin + interval * Double(message)
    return time < 9e18 ? UInt64(time) : .max
  }

  /// When a connection's own message, counted from 0 on, is due.
  func due(connection: Int, message: Int) -> UInt64 { due(message * connections + connection) }

  /// When the next message is due.
  var nextDue: UInt64 { due(next) }

  /// The connection of the next message, if its time has come.
  mutating func popDue(_ now: UInt64) -> Int? {
    guard nextDue <= now, nextDue < end else { return nil }
    defer { next += 1 }
    return next % connections
  }

  /// How many messages of a connection are due so far.
  func dueCount(connection: Int) -> Int {
    next > connection ? (next - connection - 1) / connections + 1 : 0
  }

  func isEmpty(_ now: UInt64) -> Bool { waiting == 0 && (nextDue > now || nextDue >= end) }
}
