// Limits how often warnings of one kind are logged: a client that can cause a warning must not be able
// to write a line for each connection. Any thread; its state is under a lock that is never held while
// something is logged.

import LinuxSystem
import Logging
import Synchronization

/// Lets a number of log lines of one kind pass in each interval and counts the others. The last line that
/// passes says that the next ones are only counted; the first line of a later interval says how many.
package final class LogLimiter: Sendable {
  private struct State {
    /// The start of the interval in which `passed` lines have passed; nil before the first line.
    var start: MonotonicTime?
    var passed = 0
    var omitted = 0
  }

  private let limit: Int
  private let interval: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: lines in each interval, at least 1.
  ///   - interval: it begins with the first line that passes.
  package init(limit: Int = 10, interval: Duration = .seconds(10)) {
    precondition(limit > 0, "a limit of \(limit) lines would log nothing")
    self.limit = limit
    self.interval = interval
  }

  /// Logs the text, or counts it. Call it without holding a lock: the log handler may take its time.
  package func log(
    _ level: Logger.Level, _ log: Logger, at now: MonotonicTime = .now,
    _ text: @autoclosure () -> String
  ) {
    guard level >= log.logLevel, let note = admit(at: now) else { return }
    log.log(level: level, "\(text())\(note)")
  }

  /// - Returns: what the line that may be logged says at its end; nil: it must not be logged.
  func admit(at now: MonotonicTime) -> String? {
    state.withLock { s in
      if s.start.map({ $0 + interval <= now }) ?? true {
        s.start = now
        s.passed = 0
      }
      guard s.passed < limit else {
        s.omitted += 1
        return nil
      }
      s.passed += 1
      defer { s.omitted = 0 }
      var notes: [String] = []
      if s.omitted > 0 {
        notes.append("\(s.omitted) similar lines were not logged before this one")
      }
      if s.passed == limit {
        notes.append("further lines like this are only counted for \(interval)")
      }
      return notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
    }
  }
}
