// Payload pattern. Each connection's stream starts at its own position of one window of
// pseudo-random bytes, so sending is a slice and verifying is a memcmp(3).
// The period is prime, so that duplicated, lost or exchanged messages do not match. Immutable; any
// thread.

import Glibc
import LinuxSystem
import Throng

/// Lines of printable characters, which every line-based server accepts.
enum MessageLine {
  /// Appends a line of `size` bytes, newline included.
  static func append(_ size: Int, to bytes: inout [UInt8]) {
    for offset in 0..<size - 1 {
      bytes.append(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: offset % 26))
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}

struct Pattern: Sendable {
  static let period = 65521
  /// Longest slice; no receive of the library is longer.
  static let longestPiece = 65536

  /// One period, followed by enough bytes for a slice that starts at its end.
  let window: Bytes

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed, stream: -1)
    var bytes = (0..<Self.period).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }
    while bytes.count < Self.period + Self.longestPiece {
      bytes += bytes.prefix(min(Self.period, Self.period + Self.longestPiece - bytes.count))
    }
    window = Bytes(bytes)
  }

  /// A pattern of letters and digits, for line-based servers.
  init(printable seed: UInt64) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,".utf8)
    window = Bytes(Pattern(seed: seed).window.map { alphabet[Int($0 & 63)] })
  }

  /// Start position of a connection's stream.
  static func start(seed: UInt64, connection: Int) -> UInt32 {
    var random = SplitMix64(seed: ~seed, stream: connection)
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

  /// Index of the first byte that differs; nil when all match.
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
