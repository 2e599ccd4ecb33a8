// A count or a rate that can be switched off.

import ArgumentParser

struct NumberLimitArgument: Equatable, Sendable, CustomStringConvertible {
  let number: Int?

  init(_ number: Int?) { self.number = number }

  init(parsing text: String) throws {
    number = text == "off" ? nil : try NumberArgument.positive(text)
  }

  var description: String { number.map { "\($0)" } ?? "off" }
}
