// What a line on standard error looks like: a sentence for a person, or an object for a program.

import ArgumentParser
import Logging

enum LogFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// `2026-03-01T12:30:05.250Z warning: cannot accept: Too many open files`
  case text
  /// One JSON object a line (RFC 8259), with the members time, level, message and, if there is any,
  /// metadata.
  case json

  /// A line of the log, without its newline.
  func line(
    _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:],
    time: String = Timestamp.now
  ) -> String {
    let pairs = metadata.sorted { $0.key < $1.key }
    switch self {
    case .text:
      return "\(time) \(level): \(message)" + pairs.map { " \($0.key)=\($0.value)" }.joined()
    case .json:
      var line = "{\"time\":\(Self.quoted(time)),\"level\":\(Self.quoted("\(level)"))"
      line += ",\"message\":\(Self.quoted(message))"
      if !metadata.isEmpty { line += ",\"metadata\":\(Self.object(metadata))" }
      return line + "}"
    }
  }

  private static func object(_ metadata: Logger.Metadata) -> String {
    let members = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }
    return "{\(members.joined(separator: ","))}"
  }

  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .stringConvertible(let value): quoted("\(value)")
    case .dictionary(let metadata): object(metadata)
    case .array(let values): "[\(values.map(json).joined(separator: ","))]"
    }
  }

  /// A JSON string: control characters, quotation marks and backslashes are escaped.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
