// Results of the search for the maximum rate, from constructed runs.

import LinuxSystem
import TestSupport
import Testing

@testable import ThrongLoad

@Suite(.opensResources, .blocking) struct MaximumSearchTests {
  private static let bound = LatencyBound(percentile: 99, limit: .nanoseconds(100))

  /// Searches with runs that stay within the bound up to a rate; the benchmark is interrupted in
  /// run number `last`.
  private func search(holdingUpTo limit: Double, stoppedIn last: Int = .max) throws -> LoadResult {
    let measured = try Load.run(against: .none) { $0.duration = .milliseconds(20) }
    var wasStopped = false
    let search = MaximumSearch(
      measured.configuration, Self.bound, wasStopped: { wasStopped }
    ) { number, rate in
      var run = measured.runs[0]
      var latencies = Latencies.make()
      latencies.note(rate ?? 0 > limit ? 200 : 50)
      run.rate = rate
      run.messagesPerSecond = rate ?? 1000
      run.latency = LatencySummary(latencies)
      run.unsent = 0
      wasStopped = number == last
      return run
    }
    return try search.run()
  }

  @Test func theResultLiesBetweenAPassingAndAFailingRate() throws {
    let result = try search(holdingUpTo: 500)
    let maximum = try #require(result.maximum)
    let rates = result.runs.compactMap(\.rate)
    #expect(maximum.rate == rates.filter { $0 <= 500 }.max() && maximum.latency == 50)
    #expect(maximum.failedAt == rates.filter { $0 > 500 }.min())
  }

  /// A single run near the bound may be within it, or beyond, by chance.
  @Test func aRateNearTheBoundIsMeasuredThreeTimes() throws {
    let measured = try Load.run(against: .none) { $0.duration = .milliseconds(20) }
    var runsOfRate: [Double: Int] = [:]
    let search = MaximumSearch(measured.configuration, Self.bound, wasStopped: { false }) {
      _, rate in
      var run = measured.runs[0]
      runsOfRate[rate ?? 0, default: 0] += 1
      // Above 500 the first run of a rate is within the bound, the others are not.
      let isHeld = rate ?? 0 <= 500 || runsOfRate[rate ?? 0] == 1
      var latencies = Latencies.make()
      latencies.note(isHeld ? 90 : 110)
      run.rate = rate
      run.messagesPerSecond = rate ?? 1000
      run.latency = LatencySummary(latencies)
      run.unsent = 0
      return run
    }
    let maximum = try #require(search.run().maximum)
    #expect(maximum.rate <= 500 && maximum.rate > 480 && maximum.latency == 90)
    #expect(runsOfRate.filter { $0.key > 0 }.values.allSatisfy { $0 == 3 })
  }

  /// A pause of the machine may keep one run from its rate.
  @Test func aRateThatOneOfThreeRunsMissesIsHeld() throws {
    let measured = try Load.run(against: .none) { $0.duration = .milliseconds(20) }
    var runsOfRate: [Double: Int] = [:]
    let search = MaximumSearch(measured.configuration, Self.bound, wasStopped: { false }) {
      _, rate in
      var run = measured.runs[0]
      runsOfRate[rate ?? 0, default: 0] += 1
      var latencies = Latencies.make()
      latencies.note(40)
      run.rate = rate
      let isMissed = rate ?? 0 > 500 || runsOfRate[rate ?? 0] == 1
      run.messagesPerSecond = rate.map { isMissed ? 0.95 * $0 : $0 } ?? 1000
      run.latency = LatencySummary(latencies)
      run.unsent = isMissed ? 1 : 0
      return run
    }
    let maximum = try #require(search.run().maximum)
    #expect(maximum.rate <= 500 && maximum.rate > 480 && maximum.latency == 40)
  }

  @Test func failedAtIsNilWhenNoRateFailed() throws {
    let maximum = try #require(search(holdingUpTo: .infinity).maximum)
    #expect(maximum.rate > 1000 && maximum.failedAt == nil)
  }

  @Test(arguments: [1, 2])
  func anInterruptedRunDoesNotCountAsFailed(number: Int) throws {
    let result = try search(holdingUpTo: 0, stoppedIn: number)
    let maximum = try #require(result.maximum)
    #expect(result.runs.count == number)
    #expect(maximum.rate == 0 && maximum.failedAt == nil)
  }

  @Test func aRateThatFailedBeforeTheInterruptionCounts() throws {
    let result = try search(holdingUpTo: 0, stoppedIn: 3)
    #expect(try #require(result.maximum).failedAt == result.runs[1].rate)
  }
}
