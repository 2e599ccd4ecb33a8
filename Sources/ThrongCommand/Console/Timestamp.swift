// The time of a log line.

import Glibc

enum Timestamp {
  /// The time in UTC, as `2026-03-01T12:30:05.250Z`.
  static var now: String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
    return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, width: 3))Z"
  }

  private static func padded(_ number: some BinaryInteger, width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
