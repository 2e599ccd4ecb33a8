// What a server under test has logged.

import Logging

/// Keeps the messages of one level and above.
package struct LogRecord: LogHandler {
  package let messages: Shared<[String]>
  package var logLevel = Logger.Level.error
  package var metadata: Logger.Metadata = [:]

  package init(_ messages: Shared<[String]>) { self.messages = messages }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) { messages.change { $0.append("\(event.message)") } }
}

extension Logger {
  /// Keeps the messages of this level and above.
  package static func recording(_ level: Logger.Level, _ messages: Shared<[String]>) -> Logger {
    Logger(label: "test") { _ in
      var record = LogRecord(messages)
      record.logLevel = level
      return record
    }
  }

  /// Keeps the errors.
  package static func recordingErrors(_ messages: Shared<[String]>) -> Logger {
    Logger(label: "test", factory: { _ in LogRecord(messages) })
  }

  /// Keeps the warnings and errors.
  package static func recordingWarnings(_ messages: Shared<[String]>) -> Logger {
    var record = LogRecord(messages)
    record.logLevel = .warning
    return Logger(label: "test", factory: { [record] _ in record })
  }
}
