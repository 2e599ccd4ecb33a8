// The payload pattern, and detection of the first wrong byte.

import Testing
import Throng

@testable import ThrongLoad

@Suite struct PatternTests {
  private let pattern = Pattern(seed: 7)

  @Test func slicesOfTheStreamAgree() {
    let start = Pattern.start(seed: 7, connection: 3)
    let whole = pattern.piece(at: start, count: 65536)
    let middle = Pattern.advance(start, by: 40_000)
    #expect(pattern.piece(at: middle, count: 25_536).elementsEqual(whole.dropFirst(40_000)))
  }

  @Test func theStreamWrapsAtItsPeriod() {
    let last = UInt32(Pattern.period - 1)
    #expect(Pattern.advance(last, by: 1) == 0)
    #expect(pattern.piece(at: last, count: 2)[1] == pattern.piece(at: 0, count: 1)[0])
  }

  @Test func aFlippedByteIsFoundAtItsIndex() {
    var bytes = Array(pattern.piece(at: 100, count: 64))
    bytes[41] ^= 1
    let found = bytes.withUnsafeBytes { bytes in
      pattern.window.withUnsafeBytes { window in
        Pattern.mismatch(bytes, window.baseAddress.unsafelyUnwrapped, at: 100)
      }
    }
    #expect(found == 41)
  }

  @Test(arguments: [1, 16, 64, 1000, 4096])
  func duplicatedOrLostMessagesDoNotMatch(size: Int) {
    let first = pattern.piece(at: 5, count: size)
    let next = pattern.piece(at: Pattern.advance(5, by: size), count: size)
    #expect(size == 1 || first != next)
  }
}
