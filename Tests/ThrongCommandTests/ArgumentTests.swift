// How durations, sizes and other values are read from a command line and written in its help.

import ArgumentParser
import Testing

@testable import ThrongCommand

@Suite struct ArgumentTests {
  @Test(
    arguments: [
      ("250ms", .milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)),
      ("1h", .seconds(3600)), ("50us", .microseconds(50)), ("1.5s", .milliseconds(1500)),
      ("0s", .zero),
    ] as [(String, Duration)])
  func durationsAreReadWithTheirUnit(text: String, duration: Duration) throws {
    #expect(try DurationArgument(parsing: text).duration == duration)
  }

  @Test(arguments: ["", "5", "s", "-5s", "5 s", "5x", "1.2.3s", "1e3s", "999999h", "٣s", "infs"])
  func whatIsNoDurationIsRefused(text: String) {
    #expect(throws: ValidationError.self) { try DurationArgument(parsing: text) }
  }

  @Test(arguments: ["250ms", "5s", "2m", "90s", "1h", "50us", "0s"])
  func durationsAreWrittenAsTheyAreRead(text: String) throws {
    #expect("\(try DurationArgument(parsing: text))" == text)
  }

  @Test func aTimeLimitCanBeOffButNotZero() throws {
    #expect(try TimeLimitArgument(parsing: "off").duration == nil)
    #expect(try TimeLimitArgument(parsing: "5m").duration == .seconds(300))
    #expect(throws: ValidationError.self) { try TimeLimitArgument(parsing: "0s") }
  }

  @Test(arguments: [("65536", 65536), ("64k", 65536), ("64K", 65536), ("1m", 1 << 20)])
  func sizesAreReadWithTheirUnit(text: String, bytes: Int) throws {
    #expect(try SizeArgument(parsing: text).bytes == bytes)
  }

  @Test(arguments: ["", "k", "0", "-1", "64kb", "2g", "99999999999999999999", "9999999999999g"])
  func whatIsNoSizeIsRefused(text: String) {
    #expect(throws: ValidationError.self) { try SizeArgument(parsing: text) }
  }

  @Test(arguments: ["1m", "64k", "100", "1025"])
  func sizesAreWrittenAsTheyAreRead(text: String) throws {
    #expect("\(try SizeArgument(parsing: text))" == text)
  }

  @Test func permissionsAreOctal() throws {
    #expect(try NumberArgument.permissions("660") == 0o660)
    #expect(throws: ValidationError.self) { try NumberArgument.permissions("888") }
    #expect(throws: ValidationError.self) { try NumberArgument.permissions("7777") }
  }
}
