// Format of fan-out lines: a marker that is found behind any prefix of the server, a kind, a
// number, and a pattern derived from the number.
// A value; any thread.

import Glibc
import LinuxSystem
import Throng

struct FanOutLineCodec: Sendable {
  enum Kind: UInt8 {
    case message = 0x6d  // m
    /// Sent before the measurement until every receiver has received one.
    case probe = 0x70  // p
  }

  enum Content: Equatable {
    case message(Int)
    case probe
    /// Has the marker but differs from what was sent.
    case corrupted(number: Int?, String)
  }

  static let smallestSize = 32
  static let largestSize = Pattern.longestPiece
  private static let digits = 10
  private static let dash = UInt8(ascii: "-")

  /// Bytes of a line, newline included.
  let size: Int
  let verifies: Bool
  private let marker: [UInt8]
  private let pattern: Pattern

  /// - Parameter run: distinguishes the lines of one run from those of earlier runs that a server
  ///   may replay.
  init(size: Int, seed: UInt64, run: UInt32, verifies: Bool) {
    self.size = size
    self.verifies = verifies
    let text = String(run, radix: 16)
    marker = Array("throng-\(String(repeating: "0", count: 8 - text.count))\(text)-".utf8)
    pattern = Pattern(printable: seed)
  }

  /// A random identifier for a run.
  static var newRun: UInt32 {
    var random = SplitMix64(seed: MonotonicTime.now.nanoseconds, stream: Int(getpid()))
    return UInt32(truncatingIfNeeded: random.next())
  }

  private var headerSize: Int { marker.count + 3 + Self.digits }

  /// Appends a line. Messages are numbered from 1.
  func append(_ kind: Kind, _ number: Int, to bytes: inout [UInt8]) {
    bytes += marker
    bytes.append(kind.rawValue)
    bytes.append(Self.dash)
    let text = "\(number)"
    bytes += repeatElement(UInt8(ascii: "0"), count: Self.digits - text.utf8.count)
    bytes += text.utf8
    bytes.append(Self.dash)
    bytes += pattern.piece(at: Self.position(number), count: size - headerSize - 1)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Start of a message's pattern. Neighbouring messages start far apart, so that exchanged
  /// messages differ.
  private static func position(_ number: Int) -> UInt32 {
    UInt32(number &* 7919 % Pattern.period)
  }

  /// Offset of the marker in a line, which may have a prefix; nil without a marker.
  /// - Parameter hint: offset of the marker in the previous line.
  @inline(__always)
  func offset(in line: UnsafeRawBufferPointer, hint: Int) -> Int? {
    isMarker(line, at: hint) ? hint : search(line)
  }

  private func search(_ line: UnsafeRawBufferPointer) -> Int? {
    guard let start = line.baseAddress else { return nil }
    var offset = 0
    while line.count - offset >= marker.count,
      let found = memchr(start + offset, CInt(marker[0]), line.count - offset)
    {
      offset = UnsafeRawPointer(found) - start
      if isMarker(line, at: offset) { return offset }
      offset += 1
    }
    return nil
  }

  @inline(__always)
  private func isMarker(_ line: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard let start = line.baseAddress, line.count - offset >= marker.count else { return false }
    return marker.withUnsafeBytes {
      memcmp(start + offset, $0.baseAddress.unsafelyUnwrapped, $0.count) == 0
    }
  }

  /// Whether a line has a marker and is a probe.
  func isProbe(_ line: UnsafeRawBufferPointer) -> Bool {
    offset(in: line, hint: 0).map {
      content(UnsafeRawBufferPointer(rebasing: line[$0...])) == .probe
    }
      ?? false
  }

  /// Decodes a line from its marker on. A CR before the newline is accepted.
  func content(_ text: UnsafeRawBufferPointer) -> Content {
    let isReturned = text.count == size && text[size - 1] == UInt8(ascii: "\r")
    let length = isReturned ? size - 1 : text.count
    guard length >= headerSize, let number = number(text),
      let kind = Kind(rawValue: text[marker.count])
    else { return .corrupted(number: nil, "unreadable message number") }
    if kind == .probe { return .probe }
    if length != size - 1 {
      return .corrupted(
        number: number, "length \(length) bytes instead of \(size - 1)")
    }
    guard verifies else { return .message(number) }
    let body = UnsafeRawBufferPointer(rebasing: text[headerSize..<length])
    let position = Self.position(number)
    let wrong = pattern.window.withUnsafeBytes {
      Pattern.mismatch(body, $0.baseAddress.unsafelyUnwrapped, at: position)
    }
    guard let wrong else { return .message(number) }
    let expected = pattern.window[Int(position) + wrong]
    return .corrupted(
      number: number, FaultText.wrongByte(body[wrong], expected: expected, at: headerSize + wrong))
  }

  @inline(__always)
  private func number(_ text: UnsafeRawBufferPointer) -> Int? {
    let first = marker.count + 2
    guard text[first - 1] == Self.dash, text[first + Self.digits] == Self.dash else { return nil }
    var number = 0
    for offset in first..<first + Self.digits {
      let digit = text[offset] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      number = number &* 10 &+ Int(digit)
    }
    return number
  }
}
