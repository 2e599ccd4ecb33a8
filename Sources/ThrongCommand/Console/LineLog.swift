// The log on standard error: one line an event, with its time in UTC and its level.

import LinuxSystem
import Logging

/// `2026-03-01T12:30:05.250Z warning: cannot accept: Too many open files`
struct LineLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(level: Logger.Level) { logLevel = level }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    StandardError.write("\(Timestamp.now) \(event.level): \(event.message)\(pairs)")
  }
}
