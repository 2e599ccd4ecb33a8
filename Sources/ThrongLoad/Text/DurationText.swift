// Text forms of durations and of numbers, and durations in files. Pure functions; any thread.

/// Encodes a duration as a number of seconds.
@propertyWrapper
public struct InSeconds: Sendable, Codable, Equatable {
  /// The duration.
  public var wrappedValue: Duration

  /// Wraps a duration.
  public init(wrappedValue: Duration) { self.wrappedValue = wrappedValue }

  /// Reads a number of seconds.
  /// - Throws: `DecodingError` when the value is not a number.
  public init(from decoder: any Decoder) throws {
    wrappedValue = .seconds(try decoder.singleValueContainer().decode(Double.self))
  }

  /// Writes a number of seconds.
  /// - Throws: the error of the encoder.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue / .seconds(1))
  }
}

package enum DurationText {
  /// Formats a time with about three significant digits: `1.23 µs`, `45.6 ms`.
  package static func format(nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<1e3: "\(Int(nanoseconds.rounded())) ns"
    case ..<1e6: "\(Decimals.format(nanoseconds / 1e3)) µs"
    case ..<1e9: "\(Decimals.format(nanoseconds / 1e6)) ms"
    default: "\(Decimals.format(nanoseconds / 1e9)) s"
    }
  }
}

/// Numbers as text.
package enum Decimals {
  /// About three significant digits: `1.23`, `12.3`, `123`, `12345`.
  package static func format(_ value: Double) -> String {
    let size = abs(value)
    return fixed(value, size < 10 ? 2 : size < 100 ? 1 : 0)
  }

  /// A rate: a whole number from 10 on; below, up to three decimals: `0.5`, `4.975`, `12`.
  package static func rate(_ value: Double) -> String {
    guard abs(value) < 10 else { return fixed(value, 0) }
    let text = fixed(value, 3)
    guard let last = text.lastIndex(where: { $0 != "0" }) else { return text }
    return String(text[...last].last == "." ? text[..<last] : text[...last])
  }

  /// As short as it can be: `64`, `0.5`.
  package static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  /// A whole number with commas between thousands: `10,000`.
  package static func grouped(_ value: Double) -> String {
    var result = ""
    for (index, digit) in fixed(value, 0).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { result.append(",") }
      result.append(digit)
    }
    return String(result.reversed())
  }

  /// A whole number with commas between thousands: `10,000`.
  package static func grouped(_ value: Int) -> String { grouped(Double(value)) }

  /// A number with a fixed number of decimals, 0 to 4.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let scale = [1.0, 10, 100, 1000, 10000][digits]
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + "\(scaled)" }
    let fraction = String(scaled % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return sign + "\(scaled / Int(scale)).\(zeros)\(fraction)"
  }
}
