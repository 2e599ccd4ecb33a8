// A burst passes, a flood is warned and then paused, and a pause ends. Time is passed in.

import Testing

@testable import ThrongHandlers

@Suite struct FloodGateTests {
  private let start = ContinuousClock.now

  private func after(_ seconds: Double) -> FloodGate.Instant { start + .seconds(seconds) }

  @Test func aBurstPassesThenComesOneWarningThenAPause() {
    let pace = FloodGate.Pace(rate: 2, burst: 10)
    var gate = FloodGate()
    let verdicts = (0..<18).map { _ in gate.judge(at: start, pace) }
    #expect(verdicts[..<10].allSatisfy { $0 == .pass })
    #expect(verdicts[10] == .passWithWarning)
    #expect(verdicts[11..<15].allSatisfy { $0 == .pass })
    // 16 lines at 2 a second.
    #expect(verdicts[15] == .pause(.seconds(8)))
    #expect(verdicts[16...].allSatisfy { $0 == .drop })
  }

  @Test func thePauseEndsOnceAndTellsWhatWasDropped() {
    let pace = FloodGate.Pace(rate: 2, burst: 10)
    var gate = FloodGate()
    for _ in 0..<18 { _ = gate.judge(at: start, pace) }
    #expect(gate.pausedUntil == after(8))
    #expect(gate.endPause(at: after(7.9)) == nil)
    #expect(gate.judge(at: after(7.9), pace) == .drop)
    #expect(gate.endPause(at: after(8)) == 4)
    #expect(gate.endPause(at: after(8)) == nil)
    #expect(gate.pausedUntil == nil)
    #expect((0..<10).allSatisfy { _ in gate.judge(at: after(8), pace) == .pass })
    #expect(gate.judge(at: after(8), pace) == .passWithWarning)
  }

  @Test func whoKeepsToTheRateIsNeverWarned() {
    let pace = FloodGate.Pace(rate: 2, burst: 3)
    var gate = FloodGate()
    for line in 0..<1000 { #expect(gate.judge(at: after(Double(line) / 2), pace) == .pass) }
  }

  @Test func whoWasWarnedAndSlowsDownIsWarnedAgainAndNotPaused() {
    let pace = FloodGate.Pace(rate: 1, burst: 2)
    var gate = FloodGate()
    #expect((0..<3).map { _ in gate.judge(at: start, pace) } == [.pass, .pass, .passWithWarning])
    #expect(
      (0..<3).map { _ in gate.judge(at: after(3), pace) } == [.pass, .pass, .passWithWarning])
  }

  @Test func theSmallestBurstIsWarnedBeforeItIsPaused() {
    let pace = FloodGate.Pace(rate: 1, burst: 1)
    var gate = FloodGate()
    #expect(
      (0..<3).map { _ in gate.judge(at: start, pace) } == [
        .pass, .passWithWarning, .pause(.seconds(3)),
      ])
  }

  @Test func whatIsNoLineCostsTheSameAndIsNotCountedAsDropped() {
    let pace = FloodGate.Pace(rate: 1, burst: 1)
    var gate = FloodGate()
    #expect(
      (0..<4).map { _ in gate.judge(at: start, pace, isLine: false) } == [
        .pass, .passWithWarning, .pause(.seconds(3)), .drop,
      ])
    #expect(gate.judge(at: start, pace) == .drop)
    #expect(gate.droppedCount == 1)
  }

  @Test func withoutARateEverythingPasses() {
    let pace = FloodGate.Pace(rate: nil, burst: 1)
    var gate = FloodGate()
    #expect((0..<10_000).allSatisfy { _ in gate.judge(at: start, pace) == .pass })
  }
}
