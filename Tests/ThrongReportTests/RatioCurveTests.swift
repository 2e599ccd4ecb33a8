// Ends of ties and crossovers, against positions computed by hand.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct HistoryTests {
  private func curve(
    _ points: [(Int, Double, Double, Double)], notCompared: [Int] = [], floor: Double = 0.05
  ) -> RatioCurve {
    RatioCurve(
      points.map { RatioCurve.Point($0.0, Ratio(value: $0.1, interval: Interval($0.2, $0.3))) },
      notCompared: notCompared, floor: floor)
  }

  @Test func theCrossoverIsInterpolatedOnTheLogarithms() throws {
    // From 1/2 at 10 to 2 at 1,000: half way on the logarithms, at 100. The upper end passes 1 after
    // 0.36847 of the way, the lower end after 0.66098.
    let crossovers = curve([(10, 0.5, 0.4, 0.6), (1000, 2, 1.6, 2.4)]).crossovers
    let crossover = try #require(crossovers.first)
    #expect(crossovers.count == 1 && crossover.before == .less)
    #expect(abs(try #require(crossover.position.connections) - 100) < 0.001)
    #expect(abs(crossover.position.range.low - 54.57) < 0.05)
    #expect(abs(crossover.position.range.high - 209.9) < 0.2)
  }

  @Test func theInverseRatioHasTheSameCrossover() throws {
    let crossover = try #require(
      curve([(10, 2, 1 / 0.6, 2.5), (1000, 0.5, 1 / 2.4, 0.625)]).crossovers.first)
    #expect(crossover.before == .more)
    #expect(abs(try #require(crossover.position.connections) - 100) < 0.001)
    #expect(abs(crossover.position.range.low - 54.57) < 0.05)
  }

  @Test func aTieBetweenWidensTheRange() throws {
    let crossover = try #require(
      curve([(10, 0.5, 0.4, 0.6), (100, 1.0, 0.9, 1.1), (1000, 2, 1.6, 2.4)]).crossovers.first)
    #expect(abs(try #require(crossover.position.connections) - 100) < 0.001)
    // 0.5108 / (0.5108 + 0.0953) of the decade from 10; 0.1054 / (0.1054 + 0.4700) of that from 100.
    #expect(abs(crossover.position.range.low - 69.6) < 0.1)
    #expect(abs(crossover.position.range.high - 152.5) < 0.1)
  }

  @Test func curvesThatOnlyTouchDoNotCross() {
    #expect(curve([(10, 0.5, 0.4, 0.6), (1000, 1.5, 0.8, 2.4)]).crossovers.isEmpty)
    #expect(curve([(10, 1, 0.9, 1.1), (1000, 2, 1.8, 2.4)]).crossovers.isEmpty)
  }

  @Test func curvesCanCrossTwice() {
    let curve = curve([(1, 0.5, 0.4, 0.6), (10, 2, 1.8, 2.2), (100, 0.5, 0.4, 0.6)])
    #expect(curve.crossovers.map(\.before) == [.less, .more])
  }

  @Test func theEndOfATieIsWhereTheIntervalLeavesOne() throws {
    // The lower end passes 1 after 0.10536 / (0.10536 + 0.58779) of two decades from 10.
    let end = try #require(curve([(10, 1, 0.9, 1.1), (1000, 2, 1.8, 2.2)]).endOfTie)
    #expect(abs(try #require(end.connections) - 20.14) < 0.02)
    #expect(end.range == Interval(10, 1000))
  }

  @Test func aTieByTheFloorEndsWhereTheDifferencePassesIt() throws {
    // 1.01 at 10 is significant and small. log(1.05) = 0.04879 is passed after
    // 0.03884 / (0.03884 + 0.64436) of two decades.
    let end = try #require(curve([(10, 1.01, 1.005, 1.015), (1000, 2, 1.99, 2.01)]).endOfTie)
    #expect(abs(try #require(end.connections) - 12.99) < 0.02)
  }

  @Test func positionsAreNotInterpolatedAcrossMissingCells() throws {
    let crossing = [(10, 0.5, 0.4, 0.6), (1000, 2.0, 1.6, 2.4)]
    let crossover = try #require(curve(crossing, notCompared: [100]).crossovers.first)
    #expect(crossover.position == RatioCurve.Position(connections: nil, range: Interval(10, 1000)))
    let parting = [(10, 1.0, 0.9, 1.1), (1000, 2.0, 1.8, 2.2)]
    let end = try #require(curve(parting, notCompared: [100]).endOfTie)
    #expect(end == RatioCurve.Position(connections: nil, range: Interval(10, 1000)))
    // Missing cells outside the two points do not matter.
    let outside = try #require(curve(crossing, notCompared: [1, 10_000]).crossovers.first)
    #expect(abs(try #require(outside.position.connections) - 100) < 0.001)
    #expect(curve(parting, notCompared: [1, 10_000]).endOfTie?.connections != nil)
  }

  @Test func aTieThatDoesNotExistOrEndHasNoEnd() {
    #expect(curve([(10, 2, 1.8, 2.2), (1000, 2, 1.8, 2.2)]).endOfTie == nil)
    #expect(curve([(10, 1, 0.9, 1.1), (1000, 1, 0.9, 1.1)]).endOfTie == nil)
  }
}
