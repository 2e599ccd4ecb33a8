// How bytes are given to a connection, and what has become of them: values, for both kinds of connection.

/// What has become of the bytes of one call.
enum Transmission {
  /// The kernel or the outbox has them.
  case taken
  /// The same, and a writeWaiter must wait for the low-water mark.
  case mustWait
  /// Nothing was sent or queued: the task is cancelled, and would have had to wait.
  case cancelled

  /// False when a writeWaiter must wait for the low-water mark.
  @inline(__always)
  var isTaken: Bool {
    get throws(CancellationError) {
      if self == .cancelled { throw CancellationError() }
      return self == .taken
    }
  }
}

/// Whether a caller can wait (`send`) or is subject to the limits of the outbox (`write`).
enum Delivery {
  case send
  case write
  /// Given to the kernel later, together with others.
  case writeAtEndOfTurn

  @inline(__always)
  var isWrite: Bool { self != .send }

  /// Whether a send must not queue anything, because its task is cancelled and would not wait: without
  /// that, a loop that ignores the error would fill the memory. Asked when the kernel is full.
  func isRefused(
    queueing count: Int, behind queued: Int, afterSending sent: Int, highWaterMark: Int
  ) -> Bool {
    !isWrite && sent == 0 && queued + count > highWaterMark && Task.isCancelled
  }

  @inline(__always)
  var isDeferred: Bool { self == .writeAtEndOfTurn }
}
