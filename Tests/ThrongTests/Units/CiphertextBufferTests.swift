// The buffer for ciphertext against a plain array.

import TestSupport
import Testing

@testable import Throng

struct CiphertextBufferTests {
  @Test("Bytes come out in the order in which they went in")
  func order() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    var buffer = CiphertextBuffer()
    var expected: [UInt8] = []
    for step in 0..<2000 {
      switch UInt8.random(in: 0..<8, using: &random) {
      case 0..<4:
        let bytes = (0..<Int.random(in: 0..<700, using: &random)).map {
          UInt8(truncatingIfNeeded: $0)
        }
        bytes.withUnsafeBytes { buffer.append($0) }
        expected += bytes
      case 4..<7:
        let count = Int.random(in: 0...expected.count, using: &random)
        buffer.removeFirst(count)
        expected.removeFirst(count)
      default:
        if step % 16 == 0 {
          buffer.release()
          expected = []
        }
      }
      let isEqual = buffer.withUnsafeBytes { $0.elementsEqual(expected) }
      #expect(isEqual, "step \(step), seed \(seed)")
    }
  }

  @Test("A buffer that is emptied and released holds no memory")
  func memory() {
    var buffer = CiphertextBuffer()
    [UInt8](repeating: 1, count: 100_000).withUnsafeBytes { buffer.append($0) }
    buffer.removeFirst(100_000)
    let (isEmpty, kept) = (buffer.isEmpty, buffer.capacity)
    #expect(isEmpty)
    #expect(kept >= 100_000)
    buffer.release()
    let capacity = buffer.capacity
    #expect(capacity == 0)
  }
}
