// Sends that leave together, and the end of a connection as something to wait for. Any thread.

import LinuxSystem

extension Connection {
  /// Sends several parts as one message, as ``send(_:)-(Bytes)`` does: with nothing in between, in one
  /// system call (sendmsg(2)) as far as the kernel takes them. Parts of more than a few kilobytes in total
  /// are not copied.
  public final func send(_ parts: [Bytes]) async throws {
    let count = parts.reduce(0) { $0 + $1.count }
    // One system call for a small message is worth its copy.
    let outcome =
      count <= 4096
      ? try transmitJoined(parts) : try kind.transmit(parts: parts)
    if try !outcome.isTaken { try await waitForLowWater() }
  }

  /// Sends what was written, as ``send(_:)-(Bytes)`` does, without copying it.
  public final func send(_ writer: ByteWriter) async throws {
    if try !transmit(writer.bytes) { try await waitForLowWater() }
  }

  private func transmitJoined(_ parts: [Bytes]) throws(ConnectionError) -> Transmission {
    let bytes = parts.count == 1 ? parts[0] : Bytes(joining: parts)
    return try bytes.withUnsafeBytes { (buffer) throws(ConnectionError) in
      try kind.transmit(buffer, keeping: bytes, after: nil, .send, nil)
    }
  }

  /// Sends at once what is held back while more input has arrived than the handler has taken, see
  /// ``send(_:)-(Bytes)``. Needed only before the handler does something long without waiting: when it
  /// waits, whatever for, what it has sent leaves anyway. Does not wait.
  public final func flush() { kind.sendGathered() }

  /// Stops to call ``EventHandler/received(_:on:)``: nothing more is received until
  /// ``resumeReceiving()``, so that the client has to wait as well (RFC 9293, 3.8.6). Call it in a
  /// callback, or from any thread; a message that has been received already may still be delivered. A
  /// ``Handler`` pauses by not receiving, and this does nothing to it.
  public final func pauseReceiving() { kind.setReceiving(isPaused: true) }

  /// Goes on to receive after ``pauseReceiving()``. Any thread.
  public final func resumeReceiving() { kind.setReceiving(isPaused: false) }

  /// Waits until the connection has ended: it was closed after its handler's return, reset by either side,
  /// or lost. Returns when the task is cancelled, too. A client that has sent FIN has not ended the
  /// connection: it may still read.
  ///
  /// For child tasks; the handler's own task is cancelled when the client is gone, see ``Handler``.
  public final var closed: Void {
    get async {
      let task = CurrentTask.id
      try? await withTaskCancellationHandler {
        try await withUnsafeThrowingContinuation {
          kind.awaitEnd(WriteWaiter(continuation: $0, awaitsEnd: true))
        }
      } onCancel: {
        kind.cancelSend(of: task)
      }
    }
  }
}
