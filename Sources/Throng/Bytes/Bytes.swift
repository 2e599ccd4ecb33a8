// A reference-counted slice of a chunk. Costs nothing when it is not kept: see `ReceiveBuffer`. What parsers
// call for each byte or each part is inlined into them.

/// Bytes that were received or will be sent: a value that is safe to keep, to slice and to hand to
/// other threads. Slicing shares the storage.
///
/// A slice keeps its whole storage alive, which for received bytes is up to 68 KiB; to keep a few of
/// them for long, compact them: ``compacted()``.
public struct Bytes: Sendable {
  @usableFromInline
  var slice: ChunkSlice

  init(_ slice: ChunkSlice) { self.slice = slice }

  /// No bytes.
  public init() { self.init(.empty) }

  /// A copy of the bytes. At most 4 GiB less one byte.
  public init(copying bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= UInt32.max, "Bytes holds less than 4 GiB")
    let chunk = Chunk.make(copying: bytes)
    self.init(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(bytes.count)))
  }

  /// A copy of a sequence's bytes.
  @inlinable
  public init(_ bytes: some Sequence<UInt8>) {
    let copied = bytes.withContiguousStorageIfAvailable {
      Bytes(copying: UnsafeRawBufferPointer($0))
    }
    self = copied ?? Array(bytes).withUnsafeBytes { Bytes(copying: $0) }
  }

  /// The bytes of an array, whose storage is kept instead of copied. At most 4 GiB less one byte.
  public init(adopting array: [UInt8]) {
    precondition(array.count <= UInt32.max, "Bytes holds less than 4 GiB")
    let chunk = Chunk.make(adopting: array)
    self.init(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(array.count)))
  }

  /// The same bytes; nothing is copied.
  public init(_ bytes: Bytes) { self = bytes }

  /// A part of other bytes, with which it shares storage: `Bytes(slice)`.
  public init(_ part: Slice<Bytes>) {
    self.init(part.base.slice)
    slice.offset += UInt32(part.startIndex)
    slice.count = UInt32(part.endIndex - part.startIndex)
  }

  /// A copy of several bytes as one.
  public init(joining parts: [Bytes]) {
    let count = parts.reduce(0) { $0 + $1.count }
    precondition(count <= UInt32.max, "Bytes holds less than 4 GiB")
    let chunk = Chunk.make(capacity: count)
    for part in parts { part.withUnsafeBytes { chunk.append($0) } }
    self.init(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(count)))
  }

  /// The UTF-8 of a string.
  public init(_ text: String) {
    var text = text
    self = text.withUTF8 { Bytes(copying: UnsafeRawBufferPointer($0)) }
  }

  /// The same bytes without the rest of a larger storage: to keep them for long, or to write them to many
  /// connections, which then share one storage. Copies when the bytes are less than half of their storage.
  public func compacted() -> Bytes {
    slice.isSmallPart ? withUnsafeBytes { Bytes(copying: $0) } : self
  }

  /// Calls `body` with the bytes, which are valid only during the call.
  @inlinable
  @inline(__always)
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(slice.chunk) {} }
    return try body(slice.buffer)
  }

  /// Where `byte` first occurs, nil when it does not (memchr(3)).
  public func firstIndex(of byte: UInt8) -> Int? {
    withUnsafeBytes { Search.offset(of: byte, in: $0) }
  }

  /// The bytes as text; invalid UTF-8 is replaced by U+FFFD.
  public var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

extension Bytes: RandomAccessCollection {
  /// For generic code; the methods of `Bytes` itself return parts that are `Bytes`.
  public typealias SubSequence = Slice<Bytes>

  /// The position of the first byte, 0.
  @inlinable
  public var startIndex: Int { 0 }
  /// The number of bytes.
  @inlinable
  public var endIndex: Int { Int(slice.count) }

  /// The byte at a position from 0.
  @inlinable
  public subscript(position: Int) -> UInt8 {
    precondition(position >= 0 && position < endIndex, "index out of range")
    return withUnsafeBytes { $0[position] }
  }

  /// Calls the body with the bytes where they are, without a copy.
  @inlinable
  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result? {
    try withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws -> Result in
      try body(bytes.assumingMemoryBound(to: UInt8.self))
    }
  }
}

extension Bytes {
  /// What `Array(bytes)` and `append(contentsOf:)` copy with: at once, not byte by byte.
  public func _copyContents(
    initializing buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> (Iterator, UnsafeMutableBufferPointer<UInt8>.Index) {
    let count = Swift.min(count, buffer.count)
    withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
    return (Bytes(self[count...]).makeIterator(), count)
  }
}

extension Bytes: Hashable {
  /// Whether both hold the same bytes.
  @inlinable
  public static func == (left: Bytes, right: Bytes) -> Bool {
    left.count == right.count && left.hasSameBytes(as: right)
  }

  /// As many bytes as the other has.
  @usableFromInline
  func hasSameBytes(as other: Bytes) -> Bool {
    withUnsafeBytes { own in other.withUnsafeBytes { Search.isEqual(own, $0) } }
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension Bytes: CustomStringConvertible {
  /// The bytes as text, so that `print(bytes)` shows what a client wrote.
  public var description: String { text }
}

extension Bytes: ExpressibleByArrayLiteral {
  /// Copies the bytes of a literal.
  public init(arrayLiteral elements: UInt8...) { self.init(elements) }
}
