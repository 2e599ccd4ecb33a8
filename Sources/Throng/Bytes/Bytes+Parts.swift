// Parts of `Bytes` that are `Bytes`: they share the storage, and their indices start at 0 like those of all
// `Bytes`. Generic code over collections still gets `Slice<Bytes>`.

extension Bytes {
  /// The bytes in a range of positions, which must exist.
  @inlinable
  public subscript(_ range: Range<Int>) -> Bytes {
    part(from: range.lowerBound, count: range.count)
  }

  /// The same for `2...`, `..<5` and the like.
  @inlinable
  public subscript<Bounds: RangeExpression<Int>>(_ range: Bounds) -> Bytes {
    self[range.relative(to: self)]
  }

  /// All but the first `count` bytes; none when there are fewer.
  @inlinable
  public func dropFirst(_ count: Int = 1) -> Bytes {
    let dropped = Swift.min(count, self.count)
    return part(from: dropped, count: self.count - dropped)
  }

  /// All but the last `count` bytes; none when there are fewer.
  @inlinable
  public func dropLast(_ count: Int = 1) -> Bytes {
    part(from: 0, count: Swift.max(0, self.count - count))
  }

  /// The first `count` bytes; all when there are fewer.
  @inlinable
  public func prefix(_ count: Int) -> Bytes { part(from: 0, count: Swift.min(count, self.count)) }

  /// The last `count` bytes; all when there are fewer.
  @inlinable
  public func suffix(_ count: Int) -> Bytes { dropFirst(Swift.max(0, self.count - count)) }

  /// Cuts off what comes before the first `byte`, and that byte: words and lines, one after the other.
  /// - Returns: what came before it; nil when there is no such byte, and nothing is cut off then.
  public mutating func removePrefix(through byte: UInt8) -> Bytes? {
    guard let end = firstIndex(of: byte) else { return nil }
    let prefix = part(from: 0, count: end)
    slice.offset += UInt32(end + 1)
    slice.count -= UInt32(end + 1)
    return prefix
  }

  /// Where `pattern` first occurs at or after a position; nil when it does not.
  /// - Parameters:
  ///   - pattern: at least one byte.
  ///   - position: counted from the start of these bytes.
  public func firstRange(of pattern: Bytes, from position: Int = 0) -> Range<Int>? {
    precondition(!pattern.isEmpty, "a pattern has at least one byte")
    return pattern.withUnsafeBytes { offset(of: $0, from: position) }.map {
      $0..<$0 + pattern.count
    }
  }

  func offset(of pattern: UnsafeRawBufferPointer, from position: Int) -> Int? {
    withUnsafeBytes { bytes in
      let rest = UnsafeRawBufferPointer(rebasing: bytes[Swift.min(position, bytes.count)...])
      return Search.offset(of: pattern, in: rest).map { position + $0 }
    }
  }
}

extension Slice where Base == Bytes {
  /// The part as `Bytes`, which share the storage.
  public var bytes: Bytes { Bytes(self) }

  /// The part as text; invalid UTF-8 is replaced by U+FFFD.
  public var text: String { bytes.text }
}
