// Parsing of option values, and errors for options that cannot be run.

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import ThrongLoad

@Suite(.opensResources, .blocking) struct OptionTests {
  @Test func durationsNeedAUnit() {
    #expect(DurationText.parse("250ms") == .milliseconds(250))
    #expect(DurationText.parse("1.5s") == .milliseconds(1500))
    #expect(DurationText.parse("2m") == .seconds(120))
    #expect(DurationText.parse("10us") == .microseconds(10))
    for text in ["5", "s", "-1s", "1 s", "nans", ""] { #expect(DurationText.parse(text) == nil) }
  }

  @Test func sizesAreANumberARangeOrAList() {
    #expect(MessageSizes("64") == .fixed(64))
    #expect(MessageSizes("16-1024") == .range(16...1024))
    #expect(
      MessageSizes("64:9,4096")
        == .weighted([.init(size: 64, weight: 9), .init(size: 4096, weight: 1)]))
    for text in ["", "x", "9-1", "64:", "64:1:2", "1,,2"] { #expect(MessageSizes(text) == nil) }
  }

  @Test func processorListsAreParsed() {
    #expect(Processors.parse("0,2-4") == [0, 2, 3, 4])
    for text in ["", "a", "3-1", "1-", "-1", "0-9999"] { #expect(Processors.parse(text) == nil) }
  }

  @Test func commandsAreSplitOutsideQuotes() throws {
    #expect(try CommandLineText.split("a 'b c'  \"d\" e''") == ["a", "b c", "d", "e"])
    #expect(throws: LoadError.self) { try CommandLineText.split("a 'b") }
  }

  @Test func conditionsAreParsedAndEvaluated() throws {
    let above = try #require(FailCondition("p99 > 5ms"))
    #expect(above.description == "p99>5ms")
    let result = try Load.run(against: .none) { $0.connections = 2 }
    #expect(try !#require(FailCondition("p50>10s")).holds(for: result))
    #expect(try #require(FailCondition("rate<1000000000")).holds(for: result))
    #expect(try !#require(FailCondition("errors>0")).holds(for: result))
    // A metric that was not measured fails its condition.
    #expect(try #require(FailCondition("server-cpu>1s")).holds(for: result))
    for text in ["p99", "p98>1ms", "p99>5", "rate>x", "p99=1ms"] {
      #expect(FailCondition(text) == nil)
    }
  }

  @Test func aConditionThatHoldsGivesStatus2() throws {
    let server = FaultyServer(.none)
    defer { server.stop() }
    let condition = try #require(FailCondition("p99>1ns"))
    let result = try LoadRunner(Load.options(port: server.port), failIf: [condition]).run()
    #expect(result.exitStatus == 2)
    #expect(result.failedConditions == ["p99>1ns"])
  }

  @Test func invalidOptionsAreReportedInOneSentence() {
    func problem(_ change: (inout LoadOptions) -> Void) -> String? {
      var options = Load.options(port: 1)
      change(&options)
      return options.problem
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0.connections = 0 } == "--connections must be at least 1")
    #expect(problem { $0.threads = 2 } == "--threads must not exceed --connections")
    #expect(problem { $0.sizes = .fixed(0) } == "--size must be between 1 byte and 1 GiB")
    #expect(
      problem { $0.target = nil }
        == "no server given (use HOST:PORT, --unix PATH or --server 'COMMAND {port}')")
  }

  @Test func overflowingNumbersAreRefused() {
    func problem(_ change: (inout LoadOptions) -> Void) -> String? {
      var options = Load.options(port: 1)
      change(&options)
      return options.problem
    }
    let most = 1 << 30
    let tooMany = "must be at most 1073741824"
    for count in [most + 1, 1 << 32, .max] {
      #expect(problem { $0.connections = count } == "--connections \(tooMany)")
      #expect(problem { $0.idleConnections = count } == "--idle-connections \(tooMany)")
      #expect(problem { $0.greeting = count } == "--greeting \(tooMany)")
      #expect(problem { $0.exchange = .reply(bytes: count) } == "--reply \(tooMany)")
    }
    #expect(problem { $0.connections = most } == nil)
    #expect(problem { $0.idleConnections = most } == nil)
    #expect(problem { $0.greeting = most } == nil)
    #expect(problem { $0.exchange = .reply(bytes: most) } == nil)
    for rate in [0, -1, 1e-11, 0.00099, 1.1e9, .nan, .infinity] {
      for mode in [LoadMode.openLoop(rate: rate), .fanOut(rate: rate)] {
        #expect(
          problem { $0.mode = mode }
            == "--rate must be between 0.001 and 1000000000 messages per second")
      }
    }
    for rate in [0.001, 1e9] { #expect(problem { $0.mode = .openLoop(rate: rate) } == nil) }
  }

  @Test func smallRatesAreWrittenWithDecimals() throws {
    #expect(
      [0, 0.001, 0.5, 2, 4.9834, 9.9999].map(Decimals.rate) == [
        "0", "0.001", "0.5", "2", "4.983", "10",
      ])
    #expect([12.4, 1000, 43210.9].map(Decimals.rate) == ["12", "1000", "43211"])
    var result = try Load.run(against: .none) { $0.mode = .openLoop(rate: 100) }
    result.runs[0].rate = 0.5
    #expect(result.text.contains(" messages/s of 0.5 requested, "))
  }

  @Test func jsonRoundTripKeepsTheResult() throws {
    let result = try Load.run(against: .none) { $0.mode = .openLoop(rate: 500) }
    let text = try result.json()
    let read = try LoadResult(json: text)
    #expect(try read.json() == text)
    #expect(read.version == 1)
    #expect(read.configuration == result.configuration)
    #expect(read.runs[0].latency?.histogram.isEmpty == false)
    #expect(result.csv.split(separator: "\n").count == 2)
  }
}
