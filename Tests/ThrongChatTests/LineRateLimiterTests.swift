// A burst passes, a flood is warned and then paused, and a pause ends. Time is passed in.

import Testing

@testable import ThrongChat

@Suite struct LineRateLimiterTests {
  private let start = ContinuousClock.now

  private func after(_ seconds: Double) -> LineRateLimiter.Instant { start + .seconds(seconds) }

  @Test func aBurstPassesThenComesOneWarningThenAPause() {
    let lineRate = LineRateLimiter.Rate(rate: 2, burst: 10)
    var lineLimiter = LineRateLimiter()
    let verdicts = (0..<18).map { _ in lineLimiter.admit(at: start, lineRate) }
    #expect(verdicts[..<10].allSatisfy { $0 == .pass })
    #expect(verdicts[10] == .passWithWarning)
    #expect(verdicts[11..<15].allSatisfy { $0 == .pass })
    // 16 lines at 2 a second.
    #expect(verdicts[15] == .pause(.seconds(8)))
    #expect(verdicts[16...].allSatisfy { $0 == .drop })
  }

  @Test func thePauseEndsOnceAndTellsWhatWasDropped() {
    let lineRate = LineRateLimiter.Rate(rate: 2, burst: 10)
    var lineLimiter = LineRateLimiter()
    for _ in 0..<18 { _ = lineLimiter.admit(at: start, lineRate) }
    #expect(lineLimiter.pausedUntil == after(8))
    #expect(lineLimiter.endPause(at: after(7.9)) == nil)
    #expect(lineLimiter.admit(at: after(7.9), lineRate) == .drop)
    #expect(lineLimiter.endPause(at: after(8)) == 4)
    #expect(lineLimiter.endPause(at: after(8)) == nil)
    #expect(lineLimiter.pausedUntil == nil)
    #expect((0..<10).allSatisfy { _ in lineLimiter.admit(at: after(8), lineRate) == .pass })
    #expect(lineLimiter.admit(at: after(8), lineRate) == .passWithWarning)
  }

  @Test func whoKeepsToTheRateIsNeverWarned() {
    let lineRate = LineRateLimiter.Rate(rate: 2, burst: 3)
    var lineLimiter = LineRateLimiter()
    for line in 0..<1000 {
      #expect(lineLimiter.admit(at: after(Double(line) / 2), lineRate) == .pass)
    }
  }

  @Test func whoWasWarnedAndSlowsDownIsWarnedAgainAndNotPaused() {
    let lineRate = LineRateLimiter.Rate(rate: 1, burst: 2)
    var lineLimiter = LineRateLimiter()
    #expect(
      (0..<3).map { _ in lineLimiter.admit(at: start, lineRate) } == [
        .pass, .pass, .passWithWarning,
      ])
    #expect(
      (0..<3).map { _ in lineLimiter.admit(at: after(3), lineRate) } == [
        .pass, .pass, .passWithWarning,
      ])
  }

  @Test func theSmallestBurstIsWarnedBeforeItIsPaused() {
    let lineRate = LineRateLimiter.Rate(rate: 1, burst: 1)
    var lineLimiter = LineRateLimiter()
    #expect(
      (0..<3).map { _ in lineLimiter.admit(at: start, lineRate) } == [
        .pass, .passWithWarning, .pause(.seconds(3)),
      ])
  }

  @Test func whatIsNoLineCostsTheSameAndIsNotCountedAsDropped() {
    let lineRate = LineRateLimiter.Rate(rate: 1, burst: 1)
    var lineLimiter = LineRateLimiter()
    #expect(
      (0..<4).map { _ in lineLimiter.admit(at: start, lineRate, isLine: false) } == [
        .pass, .passWithWarning, .pause(.seconds(3)), .drop,
      ])
    #expect(lineLimiter.admit(at: start, lineRate) == .drop)
    #expect(lineLimiter.droppedCount == 1)
  }

  @Test func withoutARateEverythingPasses() {
    let lineRate = LineRateLimiter.Rate(rate: nil, burst: 1)
    var lineLimiter = LineRateLimiter()
    #expect((0..<10_000).allSatisfy { _ in lineLimiter.admit(at: start, lineRate) == .pass })
  }
}
