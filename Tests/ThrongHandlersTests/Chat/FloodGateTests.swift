// A burst passes, a flood is warned and then paused, and a pause ends. Time is passed in.

import Testing

@testable import ThrongHandlers

@Suite struct FloodGateTests {
  private let start = ContinuousClock.now

  private func after(_ seconds: Double) -> FloodGate.Instant { start + .seconds(seconds) }

  @Test func aBurstPassesThenComesOneWarningThenAPause() {
    var gate = FloodGate(rate: 2, burst: 10)
    let verdicts = (0..<18).map { _ in gate.judge(at: start) }
    #expect(verdicts[..<10].allSatisfy { $0 == .pass })
    #expect(verdicts[10] == .passWithWarning)
    #expect(verdicts[11..<15].allSatisfy { $0 == .pass })
    // 16 lines at 2 a second.
    #expect(verdicts[15] == .pause(.seconds(8)))
    #expect(verdicts[16...].allSatisfy { $0 == .drop })
  }

  @Test func thePauseEndsOnceAndTellsWhatWasDropped() {
    var gate = FloodGate(rate: 2, burst: 10)
    for _ in 0..<18 { _ = gate.judge(at: start) }
    #expect(gate.pausedUntil == after(8))
    #expect(gate.endPause(at: after(7.9)) == nil)
    #expect(gate.judge(at: after(7.9)) == .drop)
    #expect(gate.endPause(at: after(8)) == 4)
    #expect(gate.endPause(at: after(8)) == nil)
    #expect(gate.pausedUntil == nil)
    #expect((0..<10).allSatisfy { _ in gate.judge(at: after(8)) == .pass })
    #expect(gate.judge(at: after(8)) == .passWithWarning)
  }

  @Test func whoKeepsToTheRateIsNeverWarned() {
    var gate = FloodGate(rate: 2, burst: 3)
    for line in 0..<1000 { #expect(gate.judge(at: after(Double(line) / 2)) == .pass) }
  }

  @Test func whoWasWarnedAndSlowsDownIsWarnedAgainAndNotPaused() {
    var gate = FloodGate(rate: 1, burst: 2)
    #expect((0..<3).map { _ in gate.judge(at: start) } == [.pass, .pass, .passWithWarning])
    #expect((0..<3).map { _ in gate.judge(at: after(3)) } == [.pass, .pass, .passWithWarning])
  }

  @Test func theSmallestBurstIsWarnedBeforeItIsPaused() {
    var gate = FloodGate(rate: 1, burst: 1)
    #expect(
      (0..<3).map { _ in gate.judge(at: start) } == [.pass, .passWithWarning, .pause(.seconds(3))])
  }

  @Test func withoutARateEverythingPasses() {
    var gate = FloodGate(rate: nil, burst: 1)
    #expect((0..<10_000).allSatisfy { _ in gate.judge(at: start) == .pass })
  }
}
