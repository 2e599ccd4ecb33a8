// A number a second that can be switched off.

import ArgumentParser

struct RateArgument: Equatable, Sendable, CustomStringConvertible {
  let rate: Int?

  init(_ rate: Int?) { self.rate = rate }

  init(parsing text: String) throws {
    rate = text == "off" ? nil : try NumberArgument.positive(text)
  }

  var description: String { rate.map { "\($0)" } ?? "off" }
}
