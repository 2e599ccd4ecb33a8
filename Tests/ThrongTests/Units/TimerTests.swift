// Timers fire in the order of their deadlines, once; and time is rounded so that nothing fires early.

import LinuxSystem
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct TimerHeap {
    private func time(_ nanoseconds: UInt64) -> MonotonicTime { .init(nanoseconds: nanoseconds) }

    @Test func theSmallestDeadlineFiresFirst() {
      var timers = Timers()
      for slot in 0..<5 {
        timers.set(Token(slot: slot, generation: 0), at: time(UInt64(50 - 10 * slot)))
      }
      #expect(timers.earliest == time(10))
      #expect(timers.popDue(time(9)) == nil)
      #expect(timers.popDue(time(25)) == 4)
      #expect(timers.popDue(time(25)) == 3)
      #expect(timers.popDue(time(25)) == nil)
      #expect(timers.count == 3)
    }

    @Test func aTimerThatIsSetToNeverIsGone() {
      var timers = Timers()
      let token = Token(slot: 3, generation: 1)
      timers.set(token, at: time(5))
      timers.set(token, at: .never)
      #expect(timers.count == 0)
      #expect(timers.earliest == .never)
      timers.cancel(token)
      timers.cancel(Token(slot: 99, generation: 0))
    }

    /// Against an array that is searched, with seeded steps.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theHeapAgreesWithASimpleModel(_ seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      var timers = Timers()
      var model: [Int: UInt64] = [:]
      var now: UInt64 = 0
      for step in 0..<20_000 {
        let slot = Int.random(in: 0..<64, using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6:
          let deadline = now + UInt64.random(in: 0..<1000, using: &generator)
          timers.set(Token(slot: slot, generation: UInt32(step)), at: time(deadline))
          model[slot] = deadline
        case 6:
          timers.cancel(Token(slot: slot, generation: 0))
          model[slot] = nil
        default:
          now += UInt64.random(in: 0..<50, using: &generator)
          var last: UInt64 = 0
          while let slot = timers.popDue(time(now)) {
            let expected = model.removeValue(forKey: slot)!
            #expect(expected >= last && expected <= now)
            last = expected
          }
          #expect(model.values.allSatisfy { $0 > now })
        }
        let earliest = model.values.min()
        guard timers.count == model.count, timers.earliest == earliest.map(time) ?? .never else {
          Issue.record("differs at step \(step) of seed \(seed)")
          return
        }
      }
    }

    @Test func aWaitIsRoundedUp() {
      let now = time(1_000_000_000)
      #expect(MonotonicTime.never.pollTimeout(from: now) == -1)
      #expect(now.pollTimeout(from: now) == 0)
      #expect(time(5).pollTimeout(from: now) == 0)
      #expect(time(1_000_000_001).pollTimeout(from: now) == 1)
      #expect(time(1_001_000_000).pollTimeout(from: now) == 1)
      #expect(time(1_001_000_001).pollTimeout(from: now) == 2)
      #expect(time(.max - 1).pollTimeout(from: time(0)) == .max)
    }

    @Test func timesThatDoNotFitAreClamped() {
      #expect(time(.max - 5) + .nanoseconds(10) == .never)
      #expect(time(5) + .seconds(-1) == time(5))
      #expect(time(5) + .milliseconds(1) == time(1_000_005))
      #expect(Duration.seconds(Int64.max).nanoseconds == .max)
      #expect(Duration.seconds(Int64.min).nanoseconds == .min)
      let largest = Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 1)
      #expect((largest + .milliseconds(999)).nanoseconds == .max)
      #expect(Duration.microseconds(-3).nanoseconds == -3000)
    }
  }
}
