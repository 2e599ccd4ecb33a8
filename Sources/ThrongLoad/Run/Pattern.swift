// The bytes that are sent. Each connection's stream runs through one window of pseudo-random bytes from
// a place of its own, so that sending is a slice and verifying a memcmp(3). The window's period is
// prime: bytes that come twice, get lost or swap places cannot match by chance of their size.

import Glibc
import Throng

/// Lines are printable: any server of lines takes them.
enum MessageLine {
  /// Appends a line of so many bytes, with its newline.
  static func append(_ size: Int, to bytes: inout [UInt8]) {
    for offset in 0..<size - 1 {
      bytes.append(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: offset % 26))
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}

struct Pattern: Sendable {
  static let period = 65521
  /// The longest piece that can be had at once; no receive of the library is longer.
  static let longestPiece = 65536

  /// A period, and what a piece that begins at its end needs.
  let window: Bytes

  init(seed: UInt64) {
    var random = RandomState(seed: seed, stream: -1)
    var bytes = (0..<Self.period).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }
    while bytes.count < Self.period + Self.longestPiece {
      bytes += bytes.prefix(min(Self.period, Self.period + Self.longestPiece - bytes.count))
    }
    window = Bytes(bytes)
  }

  /// The same of letters and digits, for servers of lines.
  init(printable seed: UInt64) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,".utf8)
    window = Bytes(Pattern(seed: seed).window.map { alphabet[Int($0 & 63)] })
  }

  /// Where the stream of a connection begins.
  static func start(seed: UInt64, connection: Int) -> UInt32 {
    var random = RandomState(seed: ~seed, stream: connection)
    return UInt32(random.next() % UInt64(period))
  }

  @inline(__always)
  static func advance(_ position: UInt32, by count: Int) -> UInt32 {
    let sum = Int(position) + count
    return UInt32(sum < period ? sum : sum % period)
  }

  func piece(at position: UInt32, count: Int) -> Bytes {
    window.part(from: Int(position), count: count)
  }

  /// The index of the first byte that differs; nil when all are as they should be.
  @inline(__always)
  static func mismatch(
    _ bytes: UnsafeRawBufferPointer, _ window: UnsafeRawPointer, at position: UInt32
  ) -> Int? {
    guard let start = bytes.baseAddress else { return nil }
    let expected = window + Int(position)
    if memcmp(start, expected, bytes.count) == 0 { return nil }
    return bytes.indices.first { bytes[$0] != expected.load(fromByteOffset: $0, as: UInt8.self) }
  }
}
