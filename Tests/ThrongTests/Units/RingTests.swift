// The queue of jobs, wakeups and events.

import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct Rings {
    /// Against an array, with seeded steps, past several growths and wraps.
    @Test func elementsLeaveInTheOrderInWhichTheyCame() {
      var generator = SeededGenerator(seed: 7)
      var ring = Ring<Int>()
      var model: [Int] = []
      for step in 0..<20_000 {
        // More appends in the first half, more removals in the second.
        if Int.random(in: 0..<20_000, using: &generator) > step {
          ring.append(step)
          model.append(step)
        } else {
          let first = ring.popFirst()
          #expect(first == (model.isEmpty ? nil : model.removeFirst()))
        }
        let count = ring.count
        #expect(count == model.count)
      }
    }

    @Test func whatIsLeftIsReleased() {
      final class Element {}
      weak var kept: Element?
      do {
        var ring = Ring<Element>()
        for _ in 0..<20 {
          let element = Element()
          kept = element
          ring.append(element)
        }
        _ = ring.popFirst()
        #expect(kept != nil)
      }
      #expect(kept == nil)
    }
  }
}
