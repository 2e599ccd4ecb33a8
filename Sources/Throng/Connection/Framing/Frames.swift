// `for try await frame in connection.frames(lengthPrefix: .fourBytes)`: binary protocols.

extension Connection {
  /// What the client sends, frame by frame, without the prefixes.
  /// - Parameters:
  ///   - lengthPrefix: the number before each frame that says how long it is.
  ///   - maximumLength: bytes of a frame without its prefix; a longer one makes the iteration
  ///     throw ``InputError`` with `.tooLong` before any of it is kept.
  public final func frames(lengthPrefix: LengthPrefix, maximumLength: Int = 1 << 20) -> Frames {
    precondition(maximumLength >= 0 && maximumLength <= UInt32.max >> 1, "at most 2 GiB a frame")
    return Frames(connection: self, prefix: lengthPrefix, maximumLength: maximumLength)
  }

  /// Sends one frame, the prefix and the bytes, as ``send(_:)-(Bytes)`` does: frames of several tasks are
  /// not mixed.
  public final func send(
    frame: Bytes, lengthPrefix: LengthPrefix
  ) async throws {
    // One system call for a small frame is worth its copy.
    let isSmall = frame.count <= 4096
    var writer = ByteWriter(capacity: lengthPrefix.byteCount + (isSmall ? frame.count : 0))
    writer.write(length: frame.count, lengthPrefix)
    if isSmall { writer.write(frame) }
    let isTaken = try isSmall ? transmit(writer.bytes) : transmit(frame, after: writer.bytes)
    if !isTaken { try await waitForLowWater() }
  }
}

/// A client's frames; one task at a time may iterate them.
public struct Frames: AsyncSequence, Sendable {
  /// The content of a frame, without its length.
  public typealias Element = Bytes
  /// What the iteration throws: ``ConnectionError``, or `CancellationError`.
  public typealias Failure = any Error

  let connection: Connection
  let prefix: LengthPrefix
  let maximumLength: Int

  /// Begins to receive.
  public func makeAsyncIterator() -> Iterator {
    Iterator(Reader(connection, maximumLength: maximumLength), prefix)
  }

  /// Takes the frames, one by one.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline
    let reader: Reader
    @usableFromInline
    let prefix: LengthPrefix

    init(_ reader: Reader, _ prefix: LengthPrefix) {
      self.reader = reader
      self.prefix = prefix
    }

    /// The next frame; nil at the end of the input.
    /// - Throws: ``ConnectionError``, or ``InputError`` when the frame is too long or cut off.
    @inlinable
    public mutating func next() async throws -> Bytes? {
      try await reader.frame(lengthPrefix: prefix)
    }
  }
}
