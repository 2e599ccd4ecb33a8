// `for try await frame in connection.frames(lengthPrefix: .fourBytes)`: binary protocols.

/// How a frame says how many bytes follow.
public struct LengthPrefix: Hashable, Sendable {
  /// The order of the bytes of a length.
  public enum Endianness: Sendable { case big, little }

  /// 1, 2, 4 or 8.
  public let byteCount: Int
  /// The order of the bytes of the length.
  public let endianness: Endianness

  /// Creates a length prefix.
  /// - Parameter byteCount: 1, 2, 4 or 8.
  /// - Parameter endianness: the order of its bytes.
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

  func decode(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<byteCount {
      let byte = UInt64(bytes[endianness == .big ? index : byteCount - 1 - index])
      value = value << 8 | byte
    }
    return value
  }

  func encode(_ length: Int) -> [UInt8] {
    precondition(UInt64(length) <= maximumLength, "the frame is too long for its length prefix")
    let shifts = (0..<byteCount).map { 8 * $0 }
    let bytes = shifts.map { UInt8(truncatingIfNeeded: length >> $0) }
    return endianness == .big ? bytes.reversed() : bytes
  }
}

extension Connection {
  /// What the client sends, frame by frame, without the prefixes.
  /// - Parameters:
  ///   - lengthPrefix: the number before each frame that says how long it is.
  ///   - maximumLength: bytes of a frame without its prefix; a longer one makes the iteration
  ///     throw ``ConnectionError/tooLong(maximum:)`` before any of it is kept.
  public final func frames(lengthPrefix: LengthPrefix, maximumLength: Int = 1 << 20) -> Frames {
    precondition(maximumLength >= 0 && maximumLength <= UInt32.max >> 1, "at most 2 GiB a frame")
    return Frames(connection: self, prefix: lengthPrefix, maximumLength: maximumLength)
  }

  /// Sends one frame, the prefix and the bytes, as ``send(_:)-(Bytes)`` does: frames of several tasks are
  /// not mixed.
  public nonisolated(nonsending) final func send(
    frame: Bytes, lengthPrefix: LengthPrefix
  ) async throws {
    let prefix = lengthPrefix.encode(frame.count)
    // One system call for a small frame is worth its copy.
    guard frame.count > 4096 else { return try await send(Bytes(prefix + frame)) }
    if try !transmit(frame, after: Bytes(prefix)) { try await waitForLowWater() }
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
    Iterator(connection: connection, prefix: prefix, maximumLength: maximumLength)
  }

  /// Receives as it is asked to. Used by one task.
  public struct Iterator: AsyncIteratorProtocol {
    let connection: Connection
    let prefix: LengthPrefix
    let maximumLength: Int
    private var buffer = InputBuffer()
    private var streak = MessageStreak()

    init(connection: Connection, prefix: LengthPrefix, maximumLength: Int) {
      self.connection = connection
      self.prefix = prefix
      self.maximumLength = maximumLength
    }

    /// Receives until a frame is complete.
    /// - Returns: nil at the FIN of the client.
    /// - Throws: ``ConnectionError``; `CancellationError`.
    public nonisolated(nonsending) mutating func next() async throws -> Bytes? {
      while true {
        let length = try frameLength()
        if let length, buffer.count >= prefix.byteCount + length {
          buffer.skip(prefix.byteCount)
          let frame = length == 0 ? Bytes() : buffer.take(length)
          streak.note(hasMore: hasWholeFrame, on: connection)
          if streak.isOver { await streak.yield(on: connection) }
          return frame
        }
        let total = prefix.byteCount + (length ?? 0)
        buffer.compact(expecting: total)
        guard let bytes = try await connection.receive() else {
          if buffer.isEmpty { return nil }
          throw ConnectionError.truncatedFrame
        }
        buffer.append(bytes, expecting: total)
        streak.begin()
      }
    }

    private var hasWholeFrame: Bool {
      guard let length = try? frameLength() else { return false }
      return buffer.count >= prefix.byteCount + length
    }

    /// What the prefix says, once it is there.
    private func frameLength() throws(ConnectionError) -> Int? {
      guard buffer.count >= prefix.byteCount else { return nil }
      let length = buffer.bytes.withUnsafeBytes { prefix.decode($0) }
      if length > UInt64(maximumLength) { throw .tooLong(maximum: maximumLength) }
      return Int(length)
    }
  }
}
