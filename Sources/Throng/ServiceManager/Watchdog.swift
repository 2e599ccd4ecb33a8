// The signs of life that a service manager expects (WATCHDOG_USEC, sd_watchdog_enabled(3)). Each event loop
// gives one from its own turn, and the service manager is told once all have: a loop that is blocked by a
// handler keeps the message back, and the service is restarted. Any thread.

import LinuxSystem
import Synchronization

final class Watchdog: Sendable {
  private struct State {
    /// Loops that are expected to give signs, and those that have since the last message.
    var expected: Set<ObjectIdentifier> = []
    var alive: Set<ObjectIdentifier> = []

    /// Whether all have; then a new round begins.
    mutating func endRound() -> Bool {
      guard !expected.isEmpty, alive == expected else { return false }
      alive = []
      return true
    }
  }

  /// How often each loop gives a sign: half of what the service manager allows.
  let period: Duration
  private let state = Mutex(State())

  static let processVariable = "WATCHDOG_PID"

  init(period: Duration) { self.period = period }

  /// Nil when this process is not expected to give signs.
  static func period(process: Int32, variable: (String) -> String?) -> Duration? {
    guard let microseconds = variable("WATCHDOG_USEC").flatMap({ Int64($0) }), microseconds > 1
    else { return nil }
    if let expected = variable(processVariable), expected != "\(process)" { return nil }
    return .microseconds(microseconds / 2)
  }

  /// Before its first sign.
  func expect(_ loop: AnyObject) {
    state.withLock { _ = $0.expected.insert(ObjectIdentifier(loop)) }
  }

  /// - Returns: whether the service manager is to be told.
  func note(_ loop: AnyObject) -> Bool {
    state.withLock { s in
      guard s.expected.contains(ObjectIdentifier(loop)) else { return false }
      s.alive.insert(ObjectIdentifier(loop))
      return s.endRound()
    }
  }

  /// The loop has ended.
  /// - Returns: whether the service manager is to be told.
  func forget(_ loop: AnyObject) -> Bool {
    state.withLock { s in
      s.expected.remove(ObjectIdentifier(loop))
      s.alive.remove(ObjectIdentifier(loop))
      return s.endRound()
    }
  }
}
