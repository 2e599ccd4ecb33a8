// `for try await line in connection.lines()`: text protocols.

extension Connection {
  /// What the client sends, line by line, without the terminators: LF or CRLF. A last line without a
  /// terminator counts. A protocol that is not made of lines alone uses a ``reader(maximumLength:)``.
  /// - Parameter maximumLength: bytes of a line without its terminator; a longer one makes the
  ///   iteration throw ``InputError`` with `.tooLong`.
  public final func lines(maximumLength: Int = 8192) -> Lines {
    precondition(
      maximumLength > 0 && maximumLength <= UInt32.max >> 1, "from one byte to 2 GiB a line")
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
    Iterator(Reader(connection, maximumLength: maximumLength, awaitsWholeLines: true))
  }

  /// Takes the lines, one by one.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline
    let reader: Reader

    init(_ reader: Reader) { self.reader = reader }

    /// The next line; nil at the end of the input.
    /// - Throws: ``ConnectionError``, or ``InputError`` when the line is too long.
    @inlinable
    public mutating func next() async throws -> Bytes? {
      try await reader.line()
    }

    /// The next line when the whole of it has arrived already, without waiting: see
    /// ``Reader/bufferedLine()``.
    public mutating func nextArrived() throws -> Bytes? { try reader.bufferedLine() }
  }
}
