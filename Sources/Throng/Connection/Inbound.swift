// `for try await bytes in connection.inbound`.

/// What a client sends, as an asynchronous sequence; one task at a time may iterate it.
public struct Inbound: AsyncSequence, Sendable {
  public typealias Element = Bytes
  public typealias Failure = any Error

  @usableFromInline
  let connection: Connection

  @inlinable
  public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline
    let connection: Connection

    @usableFromInline
    init(connection: Connection) { self.connection = connection }

    @inlinable
    public func next() async throws -> Bytes? {
      try await connection.receive()
    }
  }
}
