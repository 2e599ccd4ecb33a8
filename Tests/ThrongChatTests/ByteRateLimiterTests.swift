// A client within its bytes never waits, and one beyond them waits as long as they cost. Time is passed
// in.

import Testing

@testable import ThrongChat

@Suite struct ByteRateLimiterTests {
  private let start = ContinuousClock.now
  private let lineRate = ByteRateLimiter.Rate(rate: 1000, burst: 5000)

  private func after(_ seconds: Double) -> ByteRateLimiter.Instant { start + .seconds(seconds) }

  @Test func aBurstPassesAndWhatIsBeyondItIsWaitedFor() {
    var byteLimiter = ByteRateLimiter()
    byteLimiter.charge(5000, at: start, lineRate)
    #expect(byteLimiter.wait(at: start, lineRate) == nil)
    byteLimiter.charge(3000, at: start, lineRate)
    #expect(byteLimiter.wait(at: start, lineRate) == .seconds(3))
    #expect(byteLimiter.wait(at: after(2), lineRate) == .seconds(1))
    #expect(byteLimiter.wait(at: after(3), lineRate) == nil)
  }

  @Test func whoKeepsToTheRateNeverWaits() {
    var byteLimiter = ByteRateLimiter()
    for second in 0..<1000 {
      byteLimiter.charge(1000, at: after(Double(second)), lineRate)
      #expect(byteLimiter.wait(at: after(Double(second)), lineRate) == nil)
    }
  }

  @Test func aClientThatWasSilentHasOneBurstAndNoMore() {
    var byteLimiter = ByteRateLimiter()
    byteLimiter.charge(1, at: start, lineRate)
    byteLimiter.charge(6000, at: after(3600), lineRate)
    #expect(byteLimiter.wait(at: after(3600), lineRate) == .seconds(1))
  }

  @Test func aTrickleBeyondTheBudgetIsNotReceivedInManyPieces() {
    var byteLimiter = ByteRateLimiter()
    byteLimiter.charge(5001, at: start, lineRate)
    #expect(byteLimiter.wait(at: start, lineRate) == ByteRateLimiter.shortestWait)
  }

  @Test func withoutARateNothingIsWaitedFor() {
    var byteLimiter = ByteRateLimiter()
    let lineRate = ByteRateLimiter.Rate(rate: nil, burst: 1)
    byteLimiter.charge(1 << 40, at: start, lineRate)
    #expect(byteLimiter.wait(at: start, lineRate) == nil)
  }
}
