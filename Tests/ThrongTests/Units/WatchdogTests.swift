// A service manager is told that the server lives only while every event loop does.

import Testing

@testable import Throng

@Suite struct WatchdogTests {
  private final class Loop {}

  private func period(_ variables: [String: String]) -> Duration? {
    Watchdog.period(process: 100) { variables[$0] }
  }

  @Test func signsAreGivenTwiceAsOftenAsTheServiceManagerExpects() {
    #expect(period(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "100"]) == .milliseconds(1500))
    #expect(period(["WATCHDOG_USEC": "3000000"]) == .milliseconds(1500))
    for variables in [
      [:], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "x"],
      ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "101"],
    ] {
      #expect(period(variables) == nil)
    }
  }

  @Test func aLoopThatGivesNoSignKeepsTheMessageBack() {
    let watchdog = Watchdog(period: .seconds(1))
    let (first, second) = (Loop(), Loop())
    watchdog.expect(first)
    watchdog.expect(second)
    #expect(!watchdog.note(first))
    #expect(!watchdog.note(first))
    #expect(watchdog.note(second))
    // A new round.
    #expect(!watchdog.note(second))
    #expect(watchdog.note(first))
  }

  @Test func aLoopThatHasEndedIsNotWaitedFor() {
    let watchdog = Watchdog(period: .seconds(1))
    let (first, second) = (Loop(), Loop())
    watchdog.expect(first)
    watchdog.expect(second)
    #expect(!watchdog.note(first))
    #expect(watchdog.forget(second))
    #expect(watchdog.note(first))
    #expect(!watchdog.forget(first))
    #expect(!watchdog.note(first))
  }
}
