// Statistics against distributions with known values.

import Glibc
import Histogram
import LinuxSystem
import Testing

@testable import ThrongLoad

@Suite struct StatisticsTests {
  @Test func percentilesOfAUniformDistributionAreExact() throws {
    var latencies = Latencies.make()
    for value in 1...1000 { latencies.note(UInt64(value)) }
    let summary = try #require(LatencySummary(latencies))
    #expect(summary.count == 1000)
    #expect(summary.min == 1 && summary.max == 1000)
    #expect(summary.mean == 500.5)
    #expect(summary.p50 == 500 && summary.p90 == 900 && summary.p99 == 990)
    #expect(summary.p999 == 999 && summary.p9999 == 1000)
    #expect(summary.value(at: 99) == 990 && summary.value(at: 25) == 250)
  }

  @Test func largeValuesAreRightToThreeDigits() throws {
    var latencies = Latencies.make()
    latencies.note(1_000_000, count: 98)
    latencies.note(500_000_000, count: 2)
    let summary = try #require(LatencySummary(latencies))
    #expect(abs(Double(summary.p50) / 1e6 - 1) < 0.001)
    #expect(abs(Double(summary.p99) / 5e8 - 1) < 0.001)
  }

  @Test func mergedThreadsAreOneDistribution() throws {
    var odd = Records()
    var even = Records()
    for value in 1...1000 {
      if value % 2 == 0 {
        even.latency.note(UInt64(value))
      } else {
        odd.latency.note(UInt64(value))
      }
    }
    odd.merge(even)
    #expect(try #require(LatencySummary(odd.latency)).p99 == 990)
  }

  @Test func anEmptyHistogramHasNoSummary() {
    #expect(LatencySummary(Latencies.make()) == nil)
  }

  @Test func theIntervalOfTheMedianIsThatOfOrderStatistics() throws {
    let six = try #require(Estimate([10, 12, 11, 30, 9, 13]))
    #expect(six.median == 11.5 && six.low == 9 && six.high == 30)
    #expect(abs(six.mean - 85.0 / 6) < 1e-9)
    let nine = try #require(Estimate((1...9).map(Double.init)))
    #expect(nine.median == 5 && nine.low == 2 && nine.high == 8)
    #expect(try #require(Estimate([5])).low == nil)
    #expect(Estimate([]) == nil)
  }

  @Test func fewValuesHaveAnIntervalOnTheirLogarithms() throws {
    // Mean of the logarithms 2, standard error 0.7071, t(0.975, 4) = 2.776.
    let estimate = try #require(Estimate((0...4).map { exp(Double($0)) }))
    #expect(abs(log(try #require(estimate.low)) - 0.037) < 0.001)
    #expect(abs(log(try #require(estimate.high)) - 3.963) < 0.001)
    // One value has no logarithm: mean 1, standard error 1, t(0.975, 1) = 12.706.
    let withZero = try #require(Estimate([0, 2]))
    #expect(abs(try #require(withZero.low) + 11.706) < 0.001)
  }

  @Test func valuesThatAreNotFiniteHaveNoInterval() throws {
    let estimate = try #require(Estimate([1, 2, .infinity]))
    #expect(estimate.median == 2 && estimate.low == nil)
  }

  @Test func studentsQuantileIsContinuousBeyondItsTable() {
    #expect(abs(Estimate.studentQuantile(freedom: 40) - 2.021) < 0.001)
    #expect(abs(Estimate.studentQuantile(freedom: 120) - 1.980) < 0.001)
  }

  @Test func jainsIndexOfKnownShares() {
    #expect(Fairness.index([5, 5, 5, 5]) == 1)
    #expect(Fairness.index([1, 0, 0, 0]) == 0.25)
    #expect(Fairness.index([0, 0]) == nil)
  }

  @Test func theScheduleGivesTheTimeOfEveryMessage() {
    var schedule = Schedule(
      begin: 1_000_000, rate: 1000, index: 0, threads: 1, connections: 4, of: 4)
    #expect(schedule.due(0) == 1_000_000 && schedule.due(3) == 4_000_000)
    #expect(schedule.due(connection: 1, message: 2) == schedule.due(9))
    #expect(schedule.popDue(999_999) == nil)
    #expect((0..<6).map { _ in schedule.popDue(6_000_000) } == [0, 1, 2, 3, 0, 1])
    #expect(schedule.popDue(6_000_000) == nil)
    #expect((0..<4).map { schedule.dueCount(connection: $0) } == [2, 2, 1, 1])
  }

  @Test func twoThreadsShareTheRate() {
    let second = Schedule(begin: 0, rate: 1000, index: 1, threads: 2, connections: 2, of: 4)
    #expect(second.due(0) == 1_000_000 && second.due(1) == 3_000_000)
  }

  @Test func timesBeyondTheClockAreNeverDue() {
    let schedule = Schedule(
      begin: 1_000_000, rate: 0.001, index: 0, threads: 1, connections: 1, of: 1 << 30)
    #expect(schedule.due(0) == 1_000_000 && schedule.due(1) == .max)
  }

  @Test func weightedSizesOccurInTheirProportions() throws {
    let sampler = SizeSampler(
      .weighted([.init(size: 64, weight: 9), .init(size: 4096, weight: 1)]))
    var random = SplitMix64(seed: 42, stream: 1)
    let drawn = (0..<100_000).map { _ in sampler.next(&random) }
    let large = drawn.count { $0 == 4096 }
    #expect(drawn.allSatisfy { $0 == 64 || $0 == 4096 })
    // Six standard deviations.
    #expect(abs(large - 10_000) < 570)
  }

  @Test func aRangeIncludesItsEnds() {
    let sampler = SizeSampler(.range(3...5))
    var random = SplitMix64(seed: 1, stream: 1)
    #expect(Set((0..<1000).map { _ in sampler.next(&random) }) == [3, 4, 5])
  }
}
