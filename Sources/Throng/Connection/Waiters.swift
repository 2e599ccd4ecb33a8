// Tasks that wait for a connection: for input, for room in the outbox, for the end. Held under the lock of the
// connection, and resumed once it is released.

/// A task that waits for input.
struct ReadWaiter: Sendable {
  let continuation: UnsafeContinuation<Bytes?, any Error>
  let task: UInt
  let limit: Int32
  /// Not the handler's own task.
  let isCancellable: Bool

  init(
    _ continuation: UnsafeContinuation<Bytes?, any Error>, _ task: UInt, _ limit: Int,
    isCancellable: Bool
  ) {
    precondition(limit > 0, "a receive of no bytes would never end")
    self.continuation = continuation
    self.task = task
    self.limit = Int32(clamping: limit)
    self.isCancellable = isCancellable
  }
}

/// A task that waits for room in the outbox, or for the end of the connection.
struct WriteWaiter: Sendable {
  let continuation: UnsafeContinuation<Void, any Error>
  let task: UInt
  var awaitsEnd = false
}
