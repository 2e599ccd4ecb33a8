// The stages of a shutdown, by a clock that the test drives.

import LinuxSystem
import Testing

@testable import Throng

@Suite struct ShutdownTests {
  private func time(_ milliseconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }

  private func expect(
    _ shutdown: inout Shutdown, _ asked: ShutdownStage, _ now: MonotonicTime,
    _ expected: ShutdownStage?, location: SourceLocation = #_sourceLocation
  ) {
    let begun = shutdown.advance(to: asked, now: now)
    #expect(begun == expected, sourceLocation: location)
  }

  private func expectEnd(
    _ shutdown: inout Shutdown, _ expected: Bool, location: SourceLocation = #_sourceLocation
  ) {
    let isFirst = shutdown.end()
    #expect(isFirst == expected, sourceLocation: location)
  }

  @Test func aDrainThatDoesNotEndResetsAndThenEnds() {
    var shutdown = Shutdown(limits: .init(drain: .seconds(2)))
    expect(&shutdown, .running, time(1_000_000), nil)
    expect(&shutdown, .draining, time(1000), .draining)
    // Asking again does not put the deadline off.
    expect(&shutdown, .draining, time(2000), nil)
    expect(&shutdown, .draining, time(2999), nil)
    #expect(shutdown.deadline == time(3000))
    expect(&shutdown, .draining, time(3000), .resetting)
    expect(&shutdown, .draining, time(3999), nil)
    expect(&shutdown, .draining, time(4000), .ended)
    #expect(shutdown.deadline == .never)
    expect(&shutdown, .ended, time(9000), nil)
  }

  @Test func aSecondStopDoesNotWaitForTheDrain() {
    var shutdown = Shutdown(limits: .init(drain: .seconds(3600)))
    expect(&shutdown, .draining, time(1000), .draining)
    expect(&shutdown, .resetting, time(1500), .resetting)
    expect(&shutdown, .draining, time(1600), nil)
    #expect(shutdown.stage == .resetting)
    #expect(shutdown.deadline == time(2500))
  }

  @Test func aStopMaySkipTheDrain() {
    var shutdown = Shutdown(limits: .init(drain: .seconds(2)))
    expect(&shutdown, .resetting, time(0), .resetting)
    #expect(shutdown.deadline == time(1000))
  }

  @Test func withoutLimitsNoStageBeginsByItself() {
    var shutdown = Shutdown(limits: nil)
    for stage in [ShutdownStage.draining, .resetting] {
      expect(&shutdown, stage, time(0), stage)
      #expect(shutdown.deadline == .never)
      expect(&shutdown, stage, time(1 << 40), nil)
    }
  }

  /// The owner ends its loop once, whichever comes first: nothing is left, or the deadline.
  @Test func itEndsOnce() {
    var early = Shutdown(limits: .init(drain: .seconds(2)))
    _ = early.advance(to: .draining, now: time(0))
    expectEnd(&early, true)
    expectEnd(&early, false)
    expect(&early, .resetting, time(5000), nil)

    var late = Shutdown(limits: .init(drain: .seconds(2)))
    _ = late.advance(to: .resetting, now: time(0))
    expect(&late, .resetting, time(1000), .ended)
    expectEnd(&late, false)
  }
}
