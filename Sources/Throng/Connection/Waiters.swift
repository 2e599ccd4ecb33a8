// Tasks that wait for a connection: for input, for room in the outbox, for the end. Held under the lock of the
// connection, and resumed once it is released.

/// A task that waits for input.
struct ReadWaiter: Sendable {
  let continuation: UnsafeContinuation<Bytes?, any Error>
  let limit: Int32

  init(_ continuation: UnsafeContinuation<Bytes?, any Error>, _ limit: Int) {
    precondition(limit > 0, "a receive of no bytes would never end")
    self.continuation = continuation
    self.limit = Int32(clamping: limit)
  }

  var task: UInt { continuation.task }
}

/// A task that waits for room in the outbox, or for the end of the connection.
struct WriteWaiter: Sendable {
  let continuation: UnsafeContinuation<Void, any Error>
  var awaitsEnd = false

  var task: UInt { continuation.task }
}

extension UnsafeContinuation {
  /// The id of the task that waits, as `CurrentTask.id` is within it: the runtime's continuation is the pointer to
  /// its task (`swift_continuation_init`), which a test holds.
  @inline(__always)
  var task: UInt { unsafeBitCast(self, to: UInt.self) }
}
