// When a broadcast waits for others, and when it is sent at once.

import Testing

@testable import Throng

extension AllTests {
  @Suite struct Gatherings {
    private let everybody = [Token(slot: 1, generation: 0), Token(slot: 2, generation: 0)]

    /// After three broadcasts that nothing has joined, in a turn with one event.
    private func lonely() -> Gathering {
      var gathering = Gathering()
      for _ in 0..<3 { gathering.noteFlushed() }
      gathering.beginTurn(eventCount: 1)
      return gathering
    }

    /// Whether a broadcast to everybody is sent at once.
    private func broadcast(_ gathering: inout Gathering) -> Bool {
      let answers = everybody.map { gathering.sendsAtOnce(to: $0) { false } }
      #expect(Set(answers).count == 1)
      return answers[0]
    }

    @Test func whatWasLonelyOftenEnoughIsSentAtOnce() {
      var gathering = Gathering()
      for expected in [false, false, false, true] {
        gathering.beginTurn(eventCount: 1)
        let isAtOnce = broadcast(&gathering)
        #expect(isAtOnce == expected)
        gathering.noteFlushed()
      }
    }

    @Test func whatWasJoinedWaitsAgain() {
      var gathering = lonely()
      gathering.noteJoined()
      for expected in [false, false, false, true] {
        gathering.noteFlushed()
        let isAtOnce = broadcast(&gathering)
        #expect(isAtOnce == expected)
      }
    }

    @Test func aTurnWithMoreEventsGathers() {
      var gathering = lonely()
      gathering.beginTurn(eventCount: 2)
      let isAtOnce = broadcast(&gathering)
      #expect(!isAtOnce)
    }

    @Test func aSecondBroadcastInOneTurnWaits() {
      var gathering = lonely()
      // The first of those who are asked again makes it wait; from then on so does everybody.
      for expected in [true, false, false] {
        let isAtOnce = broadcast(&gathering)
        #expect(isAtOnce == expected)
      }
    }

    /// It is looked for after the first few members, and every 64 from then on.
    @Test(arguments: [8, 72])
    func companyEndsTheLoneliness(place: Int) {
      var gathering = lonely()
      var asked = 0
      let answers = (1...100).map { member in
        gathering.sendsAtOnce(to: Token(slot: member, generation: 0)) {
          asked += 1
          return member == place
        }
      }
      #expect(answers == (1...100).map { $0 < place })
      #expect(asked == (place == 8 ? 1 : 2))
      gathering.beginTurn(eventCount: 1)
      let isAtOnce = broadcast(&gathering)
      #expect(!isAtOnce)
    }

    /// Who is prefetched is prefetched whole.
    @Test func aConnectionFitsInFourCacheLines() {
      #expect(80 + MemoryLayout<ReadyConnection.State>.size <= Connection.prefetched)
    }
  }
}
