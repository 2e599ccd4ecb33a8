// When a broadcast waits for others, and when it is sent at once.

import LinuxSystem
import Testing

@testable import Throng

extension AllTests {
  @Suite struct WriteCoalescingTests {
    private let all = [Token(slot: 1, generation: 0), Token(slot: 2, generation: 0)]

    /// After three broadcasts that nothing has joined, in a turn with one event.
    private func uncoalesced() -> WriteCoalescing {
      var coalescing = WriteCoalescing()
      for _ in 0..<3 { coalescing.noteFlushed() }
      coalescing.beginTurn(eventCount: 1)
      return coalescing
    }

    /// Whether a broadcast to all is sent at once.
    private func broadcast(_ coalescing: inout WriteCoalescing) -> Bool {
      let answers = all.map { coalescing.sendsAtOnce(to: $0) { false } }
      #expect(Set(answers).count == 1)
      return answers[0]
    }

    @Test func aBroadcastIsSentAtOnceAfterThreeThatNothingHasJoined() {
      var coalescing = WriteCoalescing()
      for expected in [false, false, false, true] {
        coalescing.beginTurn(eventCount: 1)
        let isAtOnce = broadcast(&coalescing)
        #expect(isAtOnce == expected)
        coalescing.noteFlushed()
      }
    }

    @Test func whatWasJoinedWaitsAgain() {
      var coalescing = uncoalesced()
      coalescing.noteCoalesced()
      for expected in [false, false, false, true] {
        coalescing.noteFlushed()
        let isAtOnce = broadcast(&coalescing)
        #expect(isAtOnce == expected)
      }
    }

    @Test func aTurnWithMoreEventsCoalesces() {
      var coalescing = uncoalesced()
      coalescing.beginTurn(eventCount: 2)
      let isAtOnce = broadcast(&coalescing)
      #expect(!isAtOnce)
    }

    @Test func aSecondBroadcastInOneTurnWaits() {
      var coalescing = uncoalesced()
      // The first that is asked again makes it wait; from then on all do.
      for expected in [true, false, false] {
        let isAtOnce = broadcast(&coalescing)
        #expect(isAtOnce == expected)
      }
    }

    /// It is looked for after the first few members, and every 64 from then on.
    @Test(arguments: [8, 72])
    func companyEndsTheLoneliness(place: Int) {
      var coalescing = uncoalesced()
      var asked = 0
      let answers = (1...100).map { member in
        coalescing.sendsAtOnce(to: Token(slot: member, generation: 0)) {
          asked += 1
          return member == place
        }
      }
      #expect(answers == (1...100).map { $0 < place })
      #expect(asked == (place == 8 ? 1 : 2))
      coalescing.beginTurn(eventCount: 1)
      let isAtOnce = broadcast(&coalescing)
      #expect(!isAtOnce)
    }
  }
}
