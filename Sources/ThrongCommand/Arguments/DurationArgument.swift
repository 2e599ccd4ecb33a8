// Durations as they are written on a command line: `250ms`, `5s`, `2m`, or `off`.

import ArgumentParser
import LinuxSystem

/// A duration with a unit.
struct DurationArgument: Equatable, Sendable {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  /// - Throws: `ValidationError` that says what a duration looks like.
  init(parsing text: String) throws {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = String(text.dropFirst(digits.count))
    guard !digits.isEmpty else {
      throw ValidationError("a duration begins with a number, such as 250ms, 5s or 2m")
    }
    guard let seconds = Self.secondsInUnit[unit] else {
      let complaint = unit.isEmpty ? "a duration needs a unit" : "'\(unit)' is not a unit of time"
      throw ValidationError("\(complaint): write us, ms, s, m or h, such as 250ms, 5s or 2m")
    }
    guard let number = Double(digits), number * seconds <= Self.maximumSeconds else {
      throw ValidationError("a duration is a number up to 365 days, such as 250ms, 5s or 2m")
    }
    let nanoseconds = (number * seconds * 1e9).rounded()
    duration = .nanoseconds(Int64(nanoseconds))
  }

  private static let secondsInUnit = [
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
  ]
  private static let maximumSeconds = 365 * 86400.0
}

extension DurationArgument: CustomStringConvertible {
  /// In the largest unit that leaves a whole number.
  var description: String {
    let (seconds, attoseconds) = duration.components
    if attoseconds == 0 {
      if seconds > 0, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
      if seconds > 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
      return "\(seconds)s"
    }
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
  }
}

/// A time limit that can be switched off.
struct TimeLimitArgument: Equatable, Sendable, CustomStringConvertible {
  let duration: Duration?

  init(_ duration: Duration?) { self.duration = duration }

  init(parsing text: String) throws {
    if text == "off" {
      duration = nil
      return
    }
    let parsed = try DurationArgument(parsing: text).duration
    guard parsed > .zero else {
      throw ValidationError("a time limit is more than nothing; write off for no limit")
    }
    duration = parsed
  }

  var description: String { duration.map { "\(DurationArgument($0))" } ?? "off" }
}
