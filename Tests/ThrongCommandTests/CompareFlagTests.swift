// Flags of `throng compare` and their limits.

import ArgumentParser
import Testing
import ThrongCompare

@testable import ThrongCommand

@Suite struct CompareFlagTests {
  private func options(_ flags: String...) throws -> CompareOptions {
    var options = CompareOptions(throng: "throng")
    let compare = try Compare.parse(flags)
    try compare.workloads.apply(to: &options)
    try compare.method.apply(to: &options)
    return options
  }

  @Test(arguments: [("7", 7.0), ("7%", 7), ("12.5", 12.5), ("29", 29), ("0.1", 0.1), ("57", 57)])
  func slowClientsKeepsTheGivenShare(_ text: String, _ percent: Double) throws {
    #expect(try options("--slow-clients", text).slowClients == [percent])
  }

  @Test(arguments: ["0", "0.0000001", "100", "99.99999999"])
  func slowClientsOfNoneOrAllAreRefused(_ text: String) {
    #expect(throws: ValidationError.self) { try options("--slow-clients", text) }
  }

  @Test func timesAreWholeMicroseconds() throws {
    #expect(
      try options("--work", "0us,1us,1.5ms").work == [.zero, .microseconds(1), .microseconds(1500)])
    #expect(try options("--block", "1us").block == [.microseconds(1)])
  }

  @Test(arguments: [
    ("--work", "0.1us"), ("--work", "0us,0.4us"), ("--work", "1.5us,2us"), ("--block", "0.5us"),
  ])
  func fractionsOfAMicrosecondAreRefused(_ flag: String, _ times: String) throws {
    let error = #expect(throws: ValidationError.self) { try options(flag, times) }
    #expect(
      try #require(error).message
        == "\(flag) must be whole microseconds, such as 20us")
  }

  @Test func roundsAreLimited() throws {
    #expect(try options("--repeats", "1000").repeats == 1000)
    for count in ["1001", "2000000000", "0"] {
      #expect(throws: (any Error).self) { try options("--repeats", count) }
    }
  }
}
