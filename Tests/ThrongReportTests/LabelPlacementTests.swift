// Labels do not overlap, stay in the chart, and move as little as possible.

import Testing

@testable import ThrongReport

@Suite struct LabelPlacementTests {
  @Test func labelsThatDoNotTouchStayWhereTheyAre() {
    #expect(LabelPlacement.place([10, 50, 30], gap: 12, from: 0, to: 100) == [10, 50, 30])
  }

  @Test func overlappingLabelsMoveEqually() {
    #expect(LabelPlacement.place([50, 50], gap: 10, from: 0, to: 100) == [45, 55])
    #expect(LabelPlacement.place([50, 52, 54], gap: 10, from: 0, to: 100) == [42, 52, 62])
  }

  @Test func labelsStayWithinTheChart() {
    #expect(LabelPlacement.place([99, 99, 100], gap: 10, from: 0, to: 100) == [80, 90, 100])
    #expect(LabelPlacement.place([-5], gap: 10, from: 0, to: 100) == [0])
  }

  @Test func tooManyLabelsAreSpacedEvenly() {
    #expect(
      LabelPlacement.place([1, 2, 3, 4, 5], gap: 50, from: 0, to: 100) == [0, 25, 50, 75, 100])
  }

  @Test func randomLabelsKeepOrderGapAndBounds() {
    let seed: UInt64 = 3
    var random = Drawing(state: seed)
    for _ in 0..<500 {
      let wanted = (0..<14).map { _ in random.uniform() * 270 }
      let placed = LabelPlacement.place(wanted, gap: 15, from: 0, to: 270)
      let sorted = placed.sorted()
      #expect(sorted[0] >= 0 && sorted[13] <= 270.0001, "seed \(seed)")
      #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 > 14.9999 }, "seed \(seed)")
      let order = wanted.indices.sorted { wanted[$0] < wanted[$1] }
      #expect(order.map { placed[$0] } == sorted, "seed \(seed)")
    }
  }
}
