// Conditions, ranges of options, and the files of a result.

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import ThrongLoad

@Suite(.opensResources, .blocking) struct OptionTests {
  @Test func processorListsAreParsed() {
    #expect(Processors.parse("0,2-4") == [0, 2, 3, 4])
    for text in ["", "a", "3-1", "1-", "-1", "0-9999"] { #expect(Processors.parse(text) == nil) }
  }

  @Test func commandsAreSplitOutsideQuotes() throws {
    #expect(try CommandLineText.split("a 'b c'  \"d\" e''") == ["a", "b c", "d", "e"])
    #expect(throws: LoadError.self) { try CommandLineText.split("a 'b") }
  }

  @Test func conditionsAreEvaluated() throws {
    let result = try Load.run(against: .none) { $0.connections = 2 }
    #expect(try !#require(FailCondition("p50", .above, 1e10)).holds(for: result))
    #expect(try #require(FailCondition("rate", .below, 1e9)).holds(for: result))
    #expect(try !#require(FailCondition("errors", .above, 0)).holds(for: result))
    // A metric without a value fails its condition.
    #expect(try #require(FailCondition("server-cpu", .above, 1e9)).holds(for: result))
    #expect(FailCondition("p98", .above, 1) == nil)
  }

  @Test func conditionsKnowWhatABenchmarkMeasures() throws {
    func isMeasured(_ name: String, _ change: (inout LoadOptions) -> Void) throws -> Bool {
      var options = Load.options(port: 1)
      change(&options)
      return try #require(FailCondition(name, .above, 0)).isMeasured(by: options)
    }
    #expect(try isMeasured("p99") { _ in } && isMeasured("errors") { _ in })
    #expect(try !isMeasured("p99") { $0.workload = .idle(IdleOptions()) })
    #expect(try !isMeasured("late") { _ in })
    #expect(try isMeasured("late") { $0.echo.pacing = .openLoop(rate: 1) })
    #expect(
      try !isMeasured("deliveries") { _ in } && isMeasured("deliveries") { $0.fanOut.hello = "" })
    #expect(try !isMeasured("server-cpu") { _ in })
    #expect(try isMeasured("server-cpu") { $0.start("server {port}") })
  }

  @Test func aConditionThatHoldsGivesStatus2() throws {
    let server = FaultyServer(.none)
    defer { server.stop() }
    let condition = try #require(FailCondition("p99", .above, 1, text: "p99>1ns"))
    let result = try LoadRunner(Load.options(port: server.port), failIf: [condition]).run()
    #expect(result.exitStatus == 2)
    #expect(result.failedConditions == ["p99>1ns"])
  }

  @Test func valuesOutsideOfTheirRangeAreErrorsWithFigures() {
    func error(_ change: (inout LoadOptions) -> Void) -> LoadError? {
      var options = Load.options(port: 1)
      options.connections = 10
      change(&options)
      do { try options.check() } catch { return error }
      return nil
    }
    let most = 1 << 30
    let (counts, sums) = (1.0...Double(most), 0.0...Double(most))
    #expect(error { _ in } == nil)
    #expect(error { $0.connections = 0 } == .outOfRange(.connections, 0, allowed: counts))
    #expect(error { $0.threads = 11 } == .outOfRange(.threads, 11, allowed: 1...10))
    #expect(
      error {
        $0.threads = 9
        $0.echo.slowReaders = 20
      } == .outOfRange(.threads, 9, allowed: 1...8))
    #expect(
      error { $0.echo.messages.sizes = .fixed(0) } == .outOfRange(.messageSize, 0, allowed: counts))
    for count in [most + 1, 1 << 32, .max] {
      let value = Double(count)
      #expect(error { $0.connections = count } == .outOfRange(.connections, value, allowed: counts))
      #expect(
        error { $0.echo.idleConnections = count }
          == .outOfRange(.idleConnections, value, allowed: sums))
      #expect(
        error { $0.echo.messages.greeting = count } == .outOfRange(.greeting, value, allowed: sums))
      #expect(
        error { $0.echo.messages.reply = .bytes(count) }
          == .outOfRange(.replySize, value, allowed: counts))
    }
    #expect(error { $0.connections = most } == nil)
    for rate in [0, -1, 1e-11, 0.00099, 1.1e9, .infinity] {
      let wrong = LoadError.outOfRange(.rate, rate, allowed: 0.001...1e9)
      #expect(error { $0.echo.pacing = .openLoop(rate: rate) } == wrong)
      #expect(error { $0.fanOut.pacing = .rate(rate) } == wrong)
    }
    #expect(error { $0.echo.pacing = .openLoop(rate: .nan) } != nil)
    for rate in [0.001, 1e9] { #expect(error { $0.echo.pacing = .openLoop(rate: rate) } == nil) }
    for percent in [100.0, -1, .nan, .infinity] {
      #expect(error { $0.echo.slowReaders = percent } != nil)
      #expect(error { $0.fanOut.stalledReceivers = percent } != nil)
    }
    for size in [31, 65537] {
      #expect(
        error { $0.fanOut.lineSize = size }
          == .outOfRange(.lineSize, Double(size), allowed: 32...65536))
    }
  }

  @Test func oneConnectionIsNeverASlowReader() {
    var options = Load.options(port: 1)
    for (connections, slow) in [(2, 1), (10, 9), (100, 99)] {
      options.connections = connections
      options.echo.slowReaders = 99.9
      #expect(options.slowConnections == slow)
    }
  }

  @Test func smallRatesAreWrittenWithDecimals() {
    #expect(
      [0, 0.001, 0.5, 2, 4.9834, 9.9999].map(Decimals.rate) == [
        "0", "0.001", "0.5", "2", "4.983", "10",
      ])
    #expect([12.4, 1000, 43210.9].map(Decimals.rate) == ["12", "1000", "43211"])
  }

  @Test func jsonRoundTripKeepsTheResult() throws {
    let result = try Load.run(against: .none) { $0.echo.pacing = .openLoop(rate: 500) }
    let text = try result.json()
    let read = try LoadResult(json: text)
    #expect(try read.json() == text)
    #expect(read.version == 2)
    #expect(read.configuration == result.configuration)
    #expect(read.runs[0].latency?.histogram.isEmpty == false)
    #expect(result.csv.split(separator: "\n").count == 2)
  }
}
