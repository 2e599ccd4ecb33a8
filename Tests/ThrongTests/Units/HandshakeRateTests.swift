// When handshakes may begin, with a clock of the test's.

import LinuxSystem
import Testing

@testable import Throng

extension AllTests {
  @Suite struct HandshakeRates {
    /// A flood of clients must not take a core for itself: beyond the burst, each waits for its own turn.
    @Test func handshakesBeyondTheBurstAreSpread() {
      let start = MonotonicTime(nanoseconds: 1_000_000_000)
      let rate = HandshakeRate(perSecond: 100, now: start)
      let times = (0..<50).map { _ in rate.reserve(start).nanoseconds - start.nanoseconds }
      #expect(times.prefix(11).allSatisfy { $0 == 0 })
      for (earlier, later) in zip(times.dropFirst(10), times.dropFirst(11)) {
        #expect(later - earlier == 10_000_000)
      }
    }

    /// What comes more slowly than the rate never waits.
    @Test func anEvenStreamBelowTheRateIsNotDelayed() {
      var now = MonotonicTime(nanoseconds: 5_000_000_000)
      let rate = HandshakeRate(perSecond: 100, now: now)
      for _ in 0..<1000 {
        #expect(rate.reserve(now) == now)
        now = now.advanced(by: 10_000_000)
      }
    }
  }
}
