// The log on standard error: one line an event, with its time in UTC and its level.

import LinuxSystem
import Logging

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
    StandardError.write(StandardError.format.line(event.level, "\(event.message)", all))
  }
}
