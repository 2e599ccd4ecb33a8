// Medians, intervals and ratios against cases computed by hand, and against simulation.

import Foundation
import LinuxSystem
import Testing

@testable import ThrongReport

@Suite struct StatisticsTests {
  @Test func theMedianOfOddAndEven() throws {
    #expect(try #require(MedianEstimate([3, 1, 2])).median == 2)
    #expect(try #require(MedianEstimate([4, 1, 3, 2])).median == 2.5)
    #expect(MedianEstimate([]) == nil)
  }

  @Test func oneValueHasNoInterval() throws {
    let estimate = try #require(MedianEstimate([5]))
    #expect(estimate.median == 5 && estimate.interval == nil)
  }

  @Test func threeValuesHaveStudentsIntervalOnTheLogarithms() throws {
    // Logarithms 4.605170, 4.615121, 4.624973: mean 4.615088, standard error 0.00571666,
    // t(0.975, 2) = 4.303.
    let interval = try #require(MedianEstimate([102, 100, 101])?.interval)
    #expect(abs(interval.low - 98.5426) < 0.001)
    #expect(abs(interval.high - 103.5118) < 0.001)
  }

  @Test func fiveValuesHaveStudentsIntervalOnTheLogarithms() throws {
    // Logarithms 0 to 4: mean 2, standard error 0.707107, t(0.975, 4) = 2.776.
    let interval = try #require(MedianEstimate((0...4).map { exp(Double($0)) })?.interval)
    #expect(abs(interval.low - 1.03777) < 0.0001)
    #expect(abs(interval.high - 52.6113) < 0.001)
  }

  @Test(arguments: [(6, 1, 6), (7, 1, 7), (8, 1, 8), (9, 2, 8), (12, 3, 10)])
  func fromSixOnTheIntervalLiesBetweenMeasuredValues(_ count: Int, _ low: Int, _ high: Int) {
    // The k-th of n: the sum of C(n, i) for i < k is at most 0.025 * 2^n.
    let values = (1...count).map(Double.init).shuffled()
    #expect(MedianEstimate(values)?.interval == Interval(Double(low), Double(high)))
  }

  @Test func valuesWithoutALogarithmHaveStudentsIntervalThemselves() throws {
    // Mean 0, standard error 0.57735.
    let interval = try #require(MedianEstimate([-1, 0, 1])?.interval)
    #expect(abs(interval.low + 2.4843) < 0.001 && abs(interval.high - 2.4843) < 0.001)
  }

  /// Multiplicative noise, drawn repeatedly: 95 of 100 intervals must contain the true median.
  @Test(arguments: [3, 4, 5, 6, 7])
  func theIntervalContainsTheTrueMedianIn95Percent(_ count: Int) {
    let seed: UInt64 = 20
    var random = Drawing(state: seed)
    let trials = 20_000
    let held = (0..<trials).count { _ in
      let values = (0..<count).map { _ in 100 * exp(0.2 * random.normal()) }
      return MedianEstimate(values)?.interval?.contains(100) ?? false
    }
    // Order statistics exceed their level slightly: 96.9 and 98.4 %.
    let share = Double(held) / Double(trials)
    #expect(share > 0.945 && share < 0.99, "seed \(seed): \(share)")
  }

  @Test func disturbancesOfARoundCancelInPairedRatios() throws {
    let ratio = try #require(
      Ratio(paired: [1: 10, 2: 20, 3: 31], to: [1: 5, 2: 10, 3: 15, 4: 99]))
    #expect(ratio.value == 2)
    // Logarithms 0.693147 twice and 0.725938: mean 0.704077, standard error 0.01093.
    let interval = try #require(ratio.interval)
    #expect(abs(interval.low - 1.92907) < 0.0001 && abs(interval.high - 2.11934) < 0.0001)
    #expect(ratio.outcome(floor: 0.03) == .more)
  }

  @Test func ratiosWithoutCommonOrPositiveValuesAreNil() {
    #expect(Ratio(paired: [1: 10], to: [2: 10]) == nil)
    #expect(Ratio(paired: [1: 10], to: [1: 0]) == nil)
    #expect(Ratio(independent: [1, -1], to: [1, 2]) == nil)
  }

  @Test func twoRunsAreComparedByWelch() throws {
    // Logarithms 0 and 2 beside 1 and 1: difference 0, standard error 1, one degree of freedom.
    let ratio = try #require(Ratio(independent: [1, exp(2)], to: [exp(1), exp(1)]))
    let interval = try #require(ratio.interval)
    #expect(abs(log(interval.low) + 12.706) < 0.001 && abs(log(interval.high) - 12.706) < 0.001)
    #expect(ratio.outcome(floor: 0) == .indistinguishable)
  }

  @Test func aDifferenceUnderTheFloorIsATie() {
    let ratio = Ratio(value: 1.02, interval: Interval(1.01, 1.03))
    #expect(ratio.outcome(floor: 0.03) == .indistinguishable)
    #expect(ratio.outcome(floor: 0.01) == .more)
  }

  @Test func anIntervalThatContains1IsATie() {
    #expect(Ratio(value: 3, interval: Interval(0.9, 10)).outcome(floor: 0.03) == .indistinguishable)
  }

  @Test func theOutcomeHasTheDirectionOfTheInterval() throws {
    // Eleven of twenty are a little less, nine far more: the medians and the means of the logarithms
    // lie on two sides of 1.
    let first = Array(repeating: 0.95, count: 11) + Array(repeating: 1.9, count: 9)
    let ratio = try #require(Ratio(independent: first, to: Array(repeating: 1, count: 20)))
    #expect(ratio.value < 0.96 && ratio.interval!.low > 1.05)
    #expect(ratio.outcome(floor: 0.03) == .more)
  }

  @Test(arguments: [(6, 6, 0.96875), (6, 0, 0.96875), (6, 5, 0.78125), (6, 3, 0), (5, 5, 0.9375)])
  func theConfidenceIsThatOfASignTest(_ rounds: Int, _ below: Int, _ confidence: Double) throws {
    let first = (1...rounds).map { ($0, $0 <= below ? 0.9 : 1.1) }
    let second = (1...rounds).map { ($0, 1.0) }
    let ratio = try #require(
      Ratio(
        paired: Dictionary(uniqueKeysWithValues: first),
        to: Dictionary(uniqueKeysWithValues: second)))
    #expect(abs(ratio.confidence - confidence) < 1e-9)
  }

  @Test func withoutAnIntervalTheOutcomeIsUnknown() {
    #expect(Ratio(value: 3, interval: nil).outcome(floor: 0.03) == .unknown)
  }
}

/// Pseudo-random numbers, the same in every run (SplitMix64).
struct Drawing {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    return (Double(mixed >> 11) + 0.5) / Double(1 << 53)
  }

  mutating func normal() -> Double {
    (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}
