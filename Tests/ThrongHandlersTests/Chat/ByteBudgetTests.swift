// A client within its bytes never waits, and one beyond them waits as long as they cost. Time is passed
// in.

import Testing

@testable import ThrongHandlers

@Suite struct ByteBudgetTests {
  private let start = ContinuousClock.now
  private let pace = ByteBudget.Pace(rate: 1000, burst: 5000)

  private func after(_ seconds: Double) -> ByteBudget.Instant { start + .seconds(seconds) }

  @Test func aBurstPassesAndWhatIsBeyondItIsWaitedFor() {
    var budget = ByteBudget()
    budget.charge(5000, at: start, pace)
    #expect(budget.wait(at: start, pace) == nil)
    budget.charge(3000, at: start, pace)
    #expect(budget.wait(at: start, pace) == .seconds(3))
    #expect(budget.wait(at: after(2), pace) == .seconds(1))
    #expect(budget.wait(at: after(3), pace) == nil)
  }

  @Test func whoKeepsToTheRateNeverWaits() {
    var budget = ByteBudget()
    for second in 0..<1000 {
      budget.charge(1000, at: after(Double(second)), pace)
      #expect(budget.wait(at: after(Double(second)), pace) == nil)
    }
  }

  @Test func aClientThatWasSilentHasOneBurstAndNoMore() {
    var budget = ByteBudget()
    budget.charge(1, at: start, pace)
    budget.charge(6000, at: after(3600), pace)
    #expect(budget.wait(at: after(3600), pace) == .seconds(1))
  }

  @Test func aTrickleBeyondTheBudgetIsNotReceivedInManyPieces() {
    var budget = ByteBudget()
    budget.charge(5001, at: start, pace)
    #expect(budget.wait(at: start, pace) == ByteBudget.shortestWait)
  }

  @Test func withoutARateNothingIsWaitedFor() {
    var budget = ByteBudget()
    let pace = ByteBudget.Pace(rate: nil, burst: 1)
    budget.charge(1 << 40, at: start, pace)
    #expect(budget.wait(at: start, pace) == nil)
  }
}
