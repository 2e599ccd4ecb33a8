// Finding bytes the way the C library does it, many at a time (memchr(3)).

import CEpollShim
import Glibc

enum Search {
  static func offset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let start = bytes.baseAddress, let found = memchr(start, CInt(byte), bytes.count) else {
      return nil
    }
    return UnsafeRawPointer(found) - start
  }
}
