// `for try await bytes in connection.inbound`.

/// What a client sends, as an asynchronous sequence; one task at a time may iterate it.
public struct Inbound: AsyncSequence, Sendable {
  public typealias Element = Bytes
  public typealias Failure = any Error

  let connection: Connection

  public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

  public struct Iterator: AsyncIteratorProtocol {
    let connection: Connection

    public nonisolated(nonsending) func next() async throws -> Bytes? {
      try await connection.receive(atMost: ReceiveBuffer.chunkSize)
    }
  }
}
