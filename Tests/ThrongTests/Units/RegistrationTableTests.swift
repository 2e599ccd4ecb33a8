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
      let fresh = table.insert(second)
      #expect(fresh.slot == stale.slot)
      #expect(fresh != stale)
      #expect(table[stale] == nil)
      #expect(table[fresh] === second)
    }

    @Test func anUnknownTokenNamesNobody() {
      var table = RegistrationTable()
      #expect(table[Token(slot: 0, generation: 0)] == nil)
      #expect(table[Token(rawValue: .max)] == nil)
      let token = table.insert(Source())
      #expect(table[Token(slot: token.slot, generation: 7)] == nil)
      #expect(table[Token(rawValue: .max)] == nil)
    }

    @Test func aTokenSurvivesItsTripThroughEpoll() {
      let token = Token(slot: 0xffff_fffe, generation: 0xffff_ffff)
      #expect(Token(rawValue: token.rawValue) == token)
      #expect(token.slot == 0xffff_fffe)
      #expect(token.generation == 0xffff_ffff)
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
        #expect(table.count == model.count)
      }
      #expect(model.allSatisfy { table[Token(rawValue: $0.key)] === $0.value })
      #expect(gone.allSatisfy { table[$0] == nil })
      #expect(table.sources.count == model.count)
    }
  }
}
