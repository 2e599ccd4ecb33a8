// Finding bytes the way the C library does it, many at a time (memchr(3), memcmp(3)).

import Glibc
import LinuxSystem

enum Search {
  static func offset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let start = bytes.baseAddress, let found = memchr(start, CInt(byte), bytes.count) else {
      return nil
    }
    return UnsafeRawPointer(found) - start
  }

  /// Where a pattern of at least one byte first occurs: memchr(3) finds its first byte.
  static func offset(
    of pattern: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer
  ) -> Int? {
    var position = 0
    while position + pattern.count <= bytes.count {
      let starts = UnsafeRawBufferPointer(
        rebasing: bytes[position...bytes.count - pattern.count])
      guard let found = offset(of: pattern[0], in: starts) else { return nil }
      position += found
      let candidate = UnsafeRawBufferPointer(rebasing: bytes[position..<position + pattern.count])
      if isEqual(candidate, pattern) { return position }
      position += 1
    }
    return nil
  }

  /// Whether buffers of the same size hold the same (memcmp(3)).
  static func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard let one = left.baseAddress, let other = right.baseAddress else { return true }
    return memcmp(one, other, left.count) == 0
  }
}
