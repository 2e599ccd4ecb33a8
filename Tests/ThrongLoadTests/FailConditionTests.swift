// What a fail condition compares: medians, sums over runs, and the result of a search.

import TestSupport
import Testing

@testable import ThrongLoad

@Suite(.opensResources, .blocking) struct FailConditionTests {
  /// A result with constructed runs.
  private func result(
    _ runs: [(rate: Double?, latency: UInt64, late: Int?, errors: Int)], maximum: Double? = nil
  ) throws -> LoadResult {
    var result = try Load.run(against: .none) { $0.duration = .milliseconds(20) }
    let measured = result.runs[0]
    result.runs = runs.map { given in
      var run = measured
      var latencies = Latencies.make()
      latencies.note(given.latency)
      run.rate = given.rate
      run.messagesPerSecond = given.rate ?? 1000
      run.latency = LatencySummary(latencies)
      run.late = given.late
      run.unsent = given.late
      run.faults =
        given.errors > 0 ? [FaultSummary(kind: .lost, count: given.errors, first: "")] : []
      return run
    }
    result.maximum = maximum.map {
      MaximumRate(rate: $0, bound: LatencyBound(percentile: 99, limit: .milliseconds(1)))
    }
    return result
  }

  /// - Parameter text: a name, a sign and a number, of nanoseconds if it is a time.
  private func holds(_ text: String, _ result: LoadResult) throws -> Bool {
    let sign = try #require(text.firstIndex { $0 == "<" || $0 == ">" })
    let bound = try #require(Double(text[text.index(after: sign)...]))
    let side = text[sign] == ">" ? FailCondition.Side.above : .below
    return try #require(FailCondition(String(text[..<sign]), side, bound)).holds(for: result)
  }

  @Test func countsAreSummedOverTheRuns() throws {
    let result = try result([(100, 5, 2, 0), (100, 7, 0, 0), (100, 9, 0, 3)])
    #expect(try holds("errors>2", result) && !holds("errors>3", result))
    #expect(try holds("late>1", result) && !holds("late>2", result))
    #expect(try holds("unsent>1", result) && !holds("unsent>2", result))
    #expect(try holds("p99>6", result) && !holds("p99>7", result))
  }

  @Test func conditionsOnASearchUseTheMaximumRate() throws {
    let result = try result(
      [(nil, 900, nil, 0), (800, 800, 50, 0), (400, 10, 1, 0), (400, 30, 2, 0), (600, 700, 40, 1)],
      maximum: 400)
    #expect(try holds("rate<401", result) && !holds("rate<400", result))
    #expect(try holds("p99>19", result) && !holds("p99>20", result))
    #expect(try holds("late>2", result) && !holds("late>3", result))
    #expect(try holds("unsent>2", result) && !holds("unsent>3", result))
    #expect(try holds("errors>0", result), "also of the runs that failed")
  }

  @Test func everyConditionFailsAfterASearchWithoutResult() throws {
    let result = try result([(nil, 900, nil, 0), (800, 800, 50, 0)], maximum: 0)
    #expect(
      try holds("rate<1", result) && holds("p99>1000000000", result) && holds("late>1000", result))
    #expect(try !holds("errors>0", result))
  }
}
