// The number before a frame that says how long it is. A value; any thread.

/// How a frame says how many bytes follow.
public struct LengthPrefix: Hashable, Sendable {
  /// 1, 2, 4 or 8.
  public let byteCount: Int
  /// The order of these bytes.
  public let endianness: Endianness

  /// - Parameters:
  ///   - byteCount: 1, 2, 4 or 8.
  ///   - endianness: `.big` is network byte order.
  public init(byteCount: Int, endianness: Endianness = .big) {
    precondition([1, 2, 4, 8].contains(byteCount), "a length prefix has 1, 2, 4 or 8 bytes")
    self.byteCount = byteCount
    self.endianness = endianness
  }

  /// In network byte order.
  public static let oneByte = LengthPrefix(byteCount: 1)
  /// A length of two bytes in network byte order.
  public static let twoBytes = LengthPrefix(byteCount: 2)
  /// A length of four bytes in network byte order.
  public static let fourBytes = LengthPrefix(byteCount: 4)
  /// A length of eight bytes in network byte order.
  public static let eightBytes = LengthPrefix(byteCount: 8)

  /// The largest length that fits.
  public var maximumLength: UInt64 {
    byteCount == 8 ? .max : (1 << (8 * UInt64(byteCount))) - 1
  }

  func decode(_ bytes: UnsafeRawBufferPointer) -> UInt64 { endianness.decode(bytes, byteCount) }
}
