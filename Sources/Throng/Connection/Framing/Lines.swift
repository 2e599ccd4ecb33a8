// `for try await line in connection.lines()`: text protocols.

extension Connection {
  /// What the client sends, line by line, without the terminators: LF or CRLF. A last line without a
  /// terminator counts.
  /// - Parameter maximumLength: bytes of a line without its terminator; a longer one makes the
  ///   iteration throw ``ConnectionError/tooLong(maximum:)``.
  public final func lines(maximumLength: Int = 8192) -> Lines {
    precondition(maximumLength > 0, "a line may have at least one byte")
    return Lines(connection: self, maximumLength: maximumLength)
  }
}

/// A client's lines; one task at a time may iterate them.
public struct Lines: AsyncSequence, Sendable {
  /// A line, without its terminator.
  public typealias Element = Bytes
  /// What the iteration throws: ``ConnectionError``, or `CancellationError`.
  public typealias Failure = any Error

  let connection: Connection
  let maximumLength: Int

  /// Begins to receive.
  public func makeAsyncIterator() -> Iterator {
    Iterator(connection: connection, maximumLength: maximumLength)
  }

  /// Receives as it is asked to. Used by one task.
  public struct Iterator: AsyncIteratorProtocol {
    let connection: Connection
    let maximumLength: Int
    private var buffer = InputBuffer()
    /// How much of the buffer is known to have no terminator.
    private var scanned = 0
    /// Where the next line ends, when that was found already.
    private var nextEnd: Int?
    private var streak = MessageStreak()

    init(connection: Connection, maximumLength: Int) {
      self.connection = connection
      self.maximumLength = maximumLength
    }

    /// Receives until a line is complete.
    /// - Returns: nil at the FIN of the client.
    /// - Throws: ``ConnectionError``; `CancellationError`.
    public nonisolated(nonsending) mutating func next() async throws -> Bytes? {
      while true {
        if let line = try takeLine() {
          if streak.isOver { await streak.yield(on: connection) }
          return line
        }
        buffer.compact()
        guard let bytes = try await connection.receive() else { return takeRest() }
        buffer.append(bytes)
        streak.begin()
      }
    }

    /// The next line when the whole of it has arrived already, without waiting; nil when `next` would
    /// wait, has an end or an error to report, or would let other connections be served first, which it
    /// does after 64 lines. For who would rather answer many lines at once.
    public mutating func nextArrived() throws -> Bytes? { streak.isOver ? nil : try takeLine() }

    private mutating func takeLine() throws(ConnectionError) -> Bytes? {
      guard let end = findEnd() else {
        // One byte more may be the CR of a line that is just short enough.
        if buffer.count > maximumLength + 1 { throw .tooLong(maximum: maximumLength) }
        return nil
      }
      nextEnd = nil
      scanned = 0
      let line = Self.withoutReturn(buffer.take(end))
      buffer.skip(1)
      if line.count > maximumLength { throw .tooLong(maximum: maximumLength) }
      streak.note(hasMore: findEnd() != nil, on: connection)
      return line
    }

    /// Where the next line ends, if it has arrived. No byte is looked at twice.
    private mutating func findEnd() -> Int? {
      if nextEnd == nil, scanned < buffer.count {
        nextEnd = buffer.firstIndex(of: UInt8(ascii: "\n"), from: scanned)
        if nextEnd == nil { scanned = buffer.count }
      }
      return nextEnd
    }

    private mutating func takeRest() -> Bytes? {
      scanned = 0
      return buffer.isEmpty ? nil : buffer.take(buffer.count)
    }

    private static func withoutReturn(_ line: Bytes) -> Bytes {
      line.last == UInt8(ascii: "\r") ? Bytes(line.dropLast()) : line
    }
  }
}
