// `for try await bytes in connection.inbound`.

/// What a client sends, as an asynchronous sequence; one task at a time may iterate it.
public struct Inbound: AsyncSequence, Sendable {
  /// What one receive has brought.
  public typealias Element = Bytes
  /// What the iteration throws: ``ConnectionError``, or `CancellationError`.
  public typealias Failure = any Error

  @usableFromInline
  let connection: Connection

  /// Begins to receive.
  @inlinable
  public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

  /// Receives as it is asked to. Used by one task.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline
    let connection: Connection

    @usableFromInline
    init(connection: Connection) { self.connection = connection }

    /// Receives once.
    /// - Returns: nil at the FIN of the client.
    /// - Throws: ``ConnectionError``; `CancellationError`.
    @inlinable
    public func next() async throws -> Bytes? {
      try await connection.receive()
    }
  }
}
