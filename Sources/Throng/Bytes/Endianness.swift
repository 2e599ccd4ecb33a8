// The order of an integer's bytes, and integers taken from bytes and put into them. Any thread.

extension Bytes {
  /// The unsigned integer at a position; nil when it does not lie within the bytes.
  /// - Parameters:
  ///   - position: of its first byte.
  ///   - type: how many bytes it has, at most 8.
  ///   - endianness: `.big` is network byte order.
  public func unsignedInteger<Integer: FixedWidthInteger & UnsignedInteger>(
    at position: Int, of type: Integer.Type = Integer.self, _ endianness: Endianness = .big
  ) -> Integer? {
    let byteCount = MemoryLayout<Integer>.size
    precondition(byteCount <= 8, "an integer of at most 8 bytes")
    guard position >= 0, position <= count - byteCount else { return nil }
    return withUnsafeBytes { bytes in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[position...])
      return Integer(truncatingIfNeeded: endianness.decode(bytes, byteCount))
    }
  }
}

/// The order of the bytes of an integer.
public enum Endianness: Sendable {
  /// The most significant byte first: network byte order.
  case big
  /// The least significant byte first.
  case little

  /// The integer in the first `byteCount` bytes, at most 8.
  @inline(__always)
  func decode(_ bytes: UnsafeRawBufferPointer, _ byteCount: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<byteCount {
      let byte = UInt64(bytes[self == .big ? index : byteCount - 1 - index])
      value = value << 8 | byte
    }
    return value
  }

  /// Puts the lower `byteCount` bytes of an integer at the beginning of a buffer.
  @inline(__always)
  func encode(_ value: UInt64, _ byteCount: Int, into bytes: UnsafeMutableRawBufferPointer) {
    for index in 0..<byteCount {
      let place = self == .big ? byteCount - 1 - index : index
      bytes[place] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
    }
  }
}
