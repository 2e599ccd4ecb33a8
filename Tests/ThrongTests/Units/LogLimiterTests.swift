// A client cannot fill the log: repeated warnings are counted, and the count is logged.

import LinuxSystem
import Logging
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct LogLimits {
    private func time(_ seconds: UInt64) -> MonotonicTime {
      .init(nanoseconds: seconds * 1_000_000_000)
    }

    @Test func moreLinesThanTheLimitAreCountedAndTheCountIsLogged() {
      let limiter = LogLimiter(limit: 2, interval: .seconds(10))
      #expect(limiter.admit(at: time(100)) == "")
      #expect(
        limiter.admit(at: time(101))
          == " (further lines like this are only counted for 10.0 seconds)")
      for _ in 0..<5 { #expect(limiter.admit(at: time(109)) == nil) }
      #expect(
        limiter.admit(at: time(110)) == " (5 similar lines were not logged before this one)")
    }

    @Test func aCountIsLoggedOnce() {
      let limiter = LogLimiter(limit: 1, interval: .seconds(1))
      _ = limiter.admit(at: time(1))
      _ = limiter.admit(at: time(1))
      #expect(limiter.admit(at: time(2))?.contains("1 similar lines") == true)
      #expect(limiter.admit(at: time(3))?.contains("similar") == false)
    }

    @Test func aLineBelowTheLogLevelUsesNothingUp() {
      let messages = Shared<[String]>([])
      let log = Logger.recordingErrors(messages)
      let limiter = LogLimiter(limit: 1, interval: .seconds(1))
      limiter.log(.warning, log, at: time(1), "below")
      limiter.log(.error, log, at: time(1), "first")
      limiter.log(.error, log, at: time(1), "second")
      #expect(
        messages.value == ["first (further lines like this are only counted for 1.0 seconds)"])
    }
  }
}
