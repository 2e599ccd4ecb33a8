// Bytes to send and to recognise. A stream repeats a block whose length is prime, so that bytes that
// are lost, doubled or swapped show; comparing with it is memcmp(3), which is fast without optimisation.

import Glibc

package struct TestPattern: Sendable {
  private static let period = 65_521
  /// One period and a copy, so that any window of a period lies within it.
  private let block: [UInt8]

  package init(seed: UInt64 = 1) {
    var generator = SeededGenerator(seed: seed)
    let period = (0..<Self.period).map { _ in UInt8.random(in: 0...255, using: &generator) }
    block = period + period
  }

  /// At most 65521 bytes of the stream from a position.
  package func bytes(at position: Int, count: Int) -> ArraySlice<UInt8> {
    precondition(count <= Self.period)
    let start = position % Self.period
    return block[start..<start + count]
  }

  /// Whether these are the bytes of the stream from a position.
  package func matches(_ bytes: [UInt8], at position: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, Self.period)
      let start = (position + done) % Self.period
      let isEqual = bytes.withUnsafeBytes { given in
        block.withUnsafeBytes { expected in
          memcmp(given.baseAddress! + done, expected.baseAddress! + start, count) == 0
        }
      }
      if !isEqual { return false }
      done += count
    }
    return true
  }
}
