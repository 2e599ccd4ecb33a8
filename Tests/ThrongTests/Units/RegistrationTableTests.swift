// Slots are used again, tokens are not.

import LinuxSystem
import TestSupport
import Testing

@testable import Throng

private final class Source: EventSource {
  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}
  func handleWakeup(now: MonotonicTime) {}
}

extension AllTests {
  @Suite struct SlotTables {
    @Test func aStaleEventNeverReachesANewConnection() {
      var table = RegistrationTable()
      let (first, second) = (Source(), Source())
      let stale = table.insert(first)
      table.remove(stale)
      _ = table.popRemoved()
      let fresh = table.insert(second)
      #expect(fresh.slot == stale.slot)
      #expect(fresh != stale)
      let (old, new) = (table[stale], table[fresh])
      #expect(old == nil)
      #expect(new === second)
    }

    @Test func anUnknownTokenNamesNobody() {
      var table = RegistrationTable()
      let ofEmpty = (table[Token(slot: 0, generation: 0)], table[Token(rawValue: .max)])
      #expect(ofEmpty.0 == nil && ofEmpty.1 == nil)
      let token = table.insert(Source())
      let found = (table[Token(slot: token.slot, generation: 7)], table[Token(rawValue: .max)])
      #expect(found.0 == nil && found.1 == nil)
    }

    @Test func aTokenSurvivesItsTripThroughEpoll() {
      let token = Token(slot: 0xffff_fffe, generation: 0xffff_ffff)
      #expect(Token(rawValue: token.rawValue) == token)
      #expect(token.slot == 0xffff_fffe)
      #expect(token.generation == 0xffff_ffff)
    }

    /// A source may be removed by the call that it is in, through a slot that retains nothing.
    @Test func aRemovedSourceIsKeptUntilItsCallHasReturned() {
      var table = RegistrationTable()
      weak var source: Source?
      let token: Token
      do {
        let new = Source()
        source = new
        token = table.insert(new)
      }
      table.remove(token)
      let other = table.insert(Source())
      #expect(source != nil)
      #expect(other.slot != token.slot)
      let removed = table.popRemoved()
      #expect(removed === source)
      let none = table.popRemoved()
      #expect(none == nil)
    }

    /// Against a dictionary, with seeded steps.
    @Test func everySourceIsFoundUnderItsTokenAlone() {
      var generator = SeededGenerator(seed: 12)
      var table = RegistrationTable()
      var model: [UInt64: Source] = [:]
      var gone: [Token] = []
      for _ in 0..<5000 {
        if Bool.random(using: &generator) || model.isEmpty {
          let source = Source()
          let token = table.insert(source)
          #expect(model.updateValue(source, forKey: token.rawValue) == nil)
        } else if let key = model.keys.sorted().randomElement(using: &generator) {
          table.remove(Token(rawValue: key))
          model[key] = nil
          gone.append(Token(rawValue: key))
        }
        if Int.random(in: 0..<4, using: &generator) == 0 {
          while let removed = table.popRemoved() { _ = removed }
        }
        let count = table.count
        #expect(count == model.count)
      }
      for (key, source) in model {
        let found = table[Token(rawValue: key)]
        #expect(found === source)
      }
      for token in gone {
        let found = table[token]
        #expect(found == nil)
      }
      let sources = table.sources
      #expect(sources.count == model.count)
    }
  }
}
