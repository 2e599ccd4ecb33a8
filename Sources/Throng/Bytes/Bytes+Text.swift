// `Bytes` as the text of a protocol: interpolation without a string in between, prefixes, comparison
// without regard to case, numbers. What is compared may be a string: a literal is one then, which costs no
// allocation, unlike `Bytes`.

extension Bytes: ExpressibleByStringInterpolation {
  /// Copies the UTF-8 of a literal.
  public init(stringLiteral text: String) { self.init(text) }

  /// `"\(name) \(count)\r\n"`: the parts are written one after the other into one storage.
  public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.writer.bytes }

  /// Collects the parts of an interpolated literal.
  public struct StringInterpolation: StringInterpolationProtocol {
    @usableFromInline
    var writer: ByteWriter

    /// Makes room for the literal parts, and some for the others.
    public init(literalCapacity: Int, interpolationCount: Int) {
      writer = ByteWriter(capacity: literalCapacity + 16 * interpolationCount)
    }

    /// The UTF-8 of a literal part.
    public mutating func appendLiteral(_ literal: String) { writer.write(literal) }

    /// The bytes as they are.
    public mutating func appendInterpolation(_ bytes: Bytes) { writer.write(bytes) }

    /// The bytes as they are.
    public mutating func appendInterpolation(_ part: Slice<Bytes>) { writer.write(part.bytes) }

    /// The UTF-8 of a string.
    public mutating func appendInterpolation(_ text: String) { writer.write(text) }

    /// An integer in decimal.
    @inlinable
    public mutating func appendInterpolation(_ number: some BinaryInteger) {
      if let number = Int(exactly: number) {
        writer.write(decimal: number)
      } else {
        writer.write(String(number))
      }
    }

    /// What `print` would show.
    public mutating func appendInterpolation<Value>(_ value: Value) {
      writer.write(String(describing: value))
    }
  }
}

extension Bytes {
  /// Whether the first bytes are those of `prefix`.
  public func hasPrefix(_ prefix: Bytes) -> Bool { self.prefix(prefix.count) == prefix }

  /// Whether the first bytes are the UTF-8 of `prefix`.
  public func hasPrefix(_ prefix: String) -> Bool { self.prefix(prefix.utf8.count) == prefix }

  /// Whether the last bytes are those of `suffix`.
  public func hasSuffix(_ suffix: Bytes) -> Bool { self.suffix(suffix.count) == suffix }

  /// Whether the last bytes are the UTF-8 of `suffix`.
  public func hasSuffix(_ suffix: String) -> Bool { self.suffix(suffix.utf8.count) == suffix }

  /// Whether the bytes are the UTF-8 of a string: `line == "quit"`.
  @inlinable
  public static func == (bytes: Bytes, text: String) -> Bool {
    bytes.count == text.utf8.count && bytes.hasUTF8(of: text)
  }

  @usableFromInline
  func hasUTF8(of text: String) -> Bool {
    withUTF8(of: text) { $0.count == $1.count && Search.isEqual($0, $1) }
  }

  /// Whether the bytes are not the UTF-8 of a string.
  @inlinable
  public static func != (bytes: Bytes, text: String) -> Bool { !(bytes == text) }

  /// `switch bytes { case "quit": ... }`
  @inlinable
  public static func ~= (text: String, bytes: Bytes) -> Bool { bytes == text }

  /// Whether both are the same when `A` to `Z` count as `a` to `z`: names of commands and of headers.
  public func isEqualIgnoringASCIICase(to other: Bytes) -> Bool {
    withUnsafeBytes { left in other.withUnsafeBytes { Self.areEqualIgnoringASCIICase(left, $0) } }
  }

  /// The same for the UTF-8 of a string.
  @inlinable
  public func isEqualIgnoringASCIICase(to text: String) -> Bool {
    count == text.utf8.count && hasLetters(of: text)
  }

  @usableFromInline
  func hasLetters(of text: String) -> Bool {
    withUTF8(of: text) { Self.areEqualIgnoringASCIICase($0, $1) }
  }

  private static func areEqualIgnoringASCIICase(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
  ) -> Bool {
    if left.count != right.count { return false }
    for index in 0..<left.count where left[index] != right[index] {
      if lowercased(left[index]) != lowercased(right[index]) { return false }
    }
    return true
  }

  private func withUTF8<Result>(
    of text: String, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var text = text
    return withUnsafeBytes { own in text.withUTF8 { body(own, UnsafeRawBufferPointer($0)) } }
  }

  /// The same with `A` to `Z` replaced by `a` to `z`: a key for a dictionary of names.
  public func lowercasedASCII() -> Bytes {
    var writer = ByteWriter(capacity: count)
    withUnsafeBytes { bytes in for byte in bytes { writer.write(byte: Self.lowercased(byte)) } }
    return writer.bytes
  }

  @inline(__always)
  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  /// The integer that the bytes are in ASCII digits, after an optional sign; nil when they are anything else,
  /// or the number does not fit.
  /// - Parameters:
  ///   - type: the integer's type.
  ///   - radix: 2 to 36.
  @inlinable
  public func integer<Integer: FixedWidthInteger>(
    as type: Integer.Type = Int.self, radix: Int = 10
  ) -> Integer? {
    precondition((2...36).contains(radix), "a radix from 2 to 36")
    return withUnsafeBytes { bytes in
      guard let first = bytes.first else { return nil }
      let isNegative = first == UInt8(ascii: "-")
      let hasSign = isNegative || first == UInt8(ascii: "+")
      guard bytes.count > (hasSign ? 1 : 0) else { return nil }
      var value: Integer = 0
      for byte in bytes[(hasSign ? 1 : 0)...] {
        guard let digit = Self.digit(byte), digit < radix else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: Integer(radix))
        // Downwards when negative: the smallest integer has no positive counterpart.
        let step = Integer(digit)
        let (sum, carry) =
          isNegative
          ? product.subtractingReportingOverflow(step) : product.addingReportingOverflow(step)
        if overflow || carry { return nil }
        value = sum
      }
      return value
    }
  }

  @inlinable
  static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
