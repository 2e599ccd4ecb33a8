// Builds `Bytes` piece by piece in a chunk of its own, which `bytes` then refers to. A value: writing to a
// copy, or after `bytes` was taken and kept, begins with a copy of the storage.

/// Builds a message: integers in both byte orders, text, bytes, and lengths of what follows.
///
/// ```swift
/// var reply = ByteWriter()
/// reply.write(7, as: UInt16.self)
/// reply.write(lengthPrefix: .fourBytes) { $0.write("hello") }
/// try await connection.send(reply)
/// ```
public struct ByteWriter: @unchecked Sendable {
  // Invariant behind @unchecked: a chunk is written to only by the writer that has the only reference.
  private var chunk: Chunk

  /// - Parameter capacity: bytes for which there is room at first; the writer grows.
  public init(capacity: Int = 256) { chunk = Chunk.make(capacity: capacity) }

  /// How many bytes were written.
  public var count: Int { chunk.filled }

  /// Whether nothing was written.
  public var isEmpty: Bool { count == 0 }

  /// What was written. Shares the writer's storage, which is not copied until the writer goes on while these
  /// bytes are kept.
  public var bytes: Bytes {
    precondition(count <= UInt32.max, "Bytes holds less than 4 GiB")
    return Bytes(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(count)))
  }

  /// Forgets what was written, and keeps the storage for the next message unless something refers to it.
  public mutating func removeAll() {
    if Chunk.isOnlyReference(&chunk) { chunk.filled = 0 } else { self = ByteWriter() }
  }

  // MARK: Writing

  /// Appends bytes.
  public mutating func write(_ bytes: Bytes) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Appends the bytes of any sequence.
  public mutating func write(_ bytes: some Sequence<UInt8>) { write(Bytes(bytes)) }

  /// Appends the UTF-8 of a string.
  public mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends one byte.
  public mutating func write(byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
  }

  /// Appends an integer.
  /// - Parameters:
  ///   - value: must fit the type.
  ///   - type: how many bytes it has, at most 8.
  ///   - endianness: `.big` is network byte order.
  public mutating func write<Integer: FixedWidthInteger>(
    _ value: some BinaryInteger, as type: Integer.Type, _ endianness: Endianness = .big
  ) {
    let byteCount = MemoryLayout<Integer>.size
    precondition(byteCount <= 8, "an integer of at most 8 bytes")
    encode(UInt64(truncatingIfNeeded: Integer(value)), byteCount, endianness)
  }

  /// Appends an integer as text, in decimal.
  public mutating func write(decimal value: Int) {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var position = digits.count
      var left = value.magnitude
      repeat {
        position -= 1
        digits[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: left % 10)
        left /= 10
      } while left > 0
      if value < 0 {
        position -= 1
        digits[position] = UInt8(ascii: "-")
      }
      append(UnsafeRawBufferPointer(rebasing: digits[position...]))
    }
  }

  /// Appends the length prefix of a frame.
  /// - Parameters:
  ///   - count: must fit the prefix.
  ///   - prefix: how the count is written.
  public mutating func write(length count: Int, _ prefix: LengthPrefix) {
    Self.check(count, prefix)
    encode(UInt64(count), prefix.byteCount, prefix.endianness)
  }

  /// Appends what `body` writes after its length. May be nested.
  /// - Parameters:
  ///   - lengthPrefix: the length must fit it.
  ///   - body: writes the content; must not remove anything.
  public mutating func write<Failure: Error>(
    lengthPrefix: LengthPrefix, _ body: (inout ByteWriter) throws(Failure) -> Void
  ) throws(Failure) {
    let place = count
    encode(0, lengthPrefix.byteCount, lengthPrefix.endianness)
    let start = count
    try body(&self)
    precondition(count >= start, "the body has removed what came before it")
    Self.check(count - start, lengthPrefix)
    // The body may have kept `bytes`.
    _ = reserve(0)
    let prefix = UnsafeMutableRawBufferPointer(
      start: chunk.start + place, count: lengthPrefix.byteCount)
    lengthPrefix.endianness.encode(UInt64(count - start), lengthPrefix.byteCount, into: prefix)
  }

  // MARK: Storage

  private static func check(_ count: Int, _ prefix: LengthPrefix) {
    precondition(
      UInt64(count) <= prefix.maximumLength, "the frame is too long for its length prefix")
  }

  private mutating func encode(_ value: UInt64, _ byteCount: Int, _ endianness: Endianness) {
    let place = UnsafeMutableRawBufferPointer(start: reserve(byteCount), count: byteCount)
    endianness.encode(value, byteCount, into: place)
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  /// Room for more bytes, which count as written.
  @inline(__always)
  private mutating func reserve(_ more: Int) -> UnsafeMutableRawPointer {
    if !Chunk.isOnlyReference(&chunk) || chunk.free < more { move(toHold: more) }
    let place = chunk.start + chunk.filled
    chunk.filled += more
    return place
  }

  @inline(never)
  private mutating func move(toHold more: Int) {
    let written = UnsafeRawBufferPointer(start: chunk.start, count: chunk.filled)
    let larger = Chunk.make(
      copying: written, capacity: max(2 * written.count, written.count + more, 64))
    withExtendedLifetime(chunk) {}
    chunk = larger
  }
}
