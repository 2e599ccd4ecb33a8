// Lists as they are written on a command line: `1,10,100`.

import ArgumentParser

/// Values between commas, at least one, none twice.
struct ListArgument<Value: Equatable & Sendable>: Equatable, Sendable {
  let values: [Value]

  init(_ values: [Value]) { self.values = values }

  /// - Parameter element: parses one of them.
  init(parsing text: String, _ element: (String) throws -> Value) throws {
    var found: [Value] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard !part.isEmpty else {
        throw ValidationError("a list has a value between any two commas, such as 1,10,100")
      }
      let value = try element(String(part))
      guard !found.contains(value) else { throw ValidationError("\(part) is in the list twice") }
      found.append(value)
    }
    values = found
  }
}

extension ListArgument<Int> {
  @Sendable static func positive(_ text: String) throws -> Self {
    try ListArgument(parsing: text, NumberArgument.positive)
  }
}

extension ListArgument<DurationArgument> {
  @Sendable static func durations(_ text: String) throws -> Self {
    try ListArgument(parsing: text, DurationArgument.init(parsing:))
  }
}

/// A share such as `5%`, kept as 0.05.
enum PercentArgument {
  @Sendable static func share(_ text: String) throws -> Double {
    let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
    guard let number = Double(digits), number >= 0, number <= 1000 else {
      throw ValidationError("give a share in per cent, such as 5 or 2.5%")
    }
    return number / 100
  }
}
