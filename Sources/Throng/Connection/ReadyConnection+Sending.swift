// Sending: write first, and only what the kernel did not take waits in the outbox for EPOLLOUT.

import SystemPackage

extension ReadyConnection {
  @inline(__always)
  func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, limit: Int
  ) throws(ConnectionError) -> Bool {
    var wake = Wake()
    let result: Result<Bool, ConnectionError> = state.withLock { s in
      if let failure = s.failure { return .failure(failure) }
      if s.outboundClosing { return .failure(.closed) }
      if buffer.count == 0 { return .success(true) }
      var sent = 0
      if s.outbox.isEmpty {
        do throws(Errno) {
          sent = try s.socket.send(buffer)
          noteSent(sent, &s)
          if sent == buffer.count { return .success(true) }
        } catch .resourceTemporarilyUnavailable {
        } catch {
          fail(&s, .lost(error))
          advance(&s, &wake)
          return .failure(.lost(error))
        }
      }
      return queue(buffer, from: sent, keeping: bytes, limit, &s, &wake)
    }
    if case .failure = result { wake.perform(on: self) }
    return try result.get()
  }

  private func queue(
    _ buffer: UnsafeRawBufferPointer, from sent: Int, keeping bytes: Bytes?, _ limit: Int,
    _ s: inout State, _ wake: inout Wake
  ) -> Result<Bool, ConnectionError> {
    let rest = buffer.count - sent
    if s.outbox.byteCount + rest > limit, limit != .max {
      // A message that has begun must be finished, or the client would read half of it.
      if sent == 0 || context.options.overflowPolicy == .dropClient {
        return overflow(limit, &s, &wake)
      }
    }
    if s.outbox.isEmpty { s.times.sendProgress = driver.now }
    if let bytes {
      var slice = bytes.slice
      slice.offset += UInt32(sent)
      slice.count -= UInt32(sent)
      s.outbox.append(slice)
    } else {
      s.outbox.append(copying: UnsafeRawBufferPointer(rebasing: buffer[sent...]))
    }
    updateInterest(&s)
    updateTimer(&s)
    if s.outbox.byteCount > context.options.highWaterMark { s.isAboveHighWater = true }
    return .success(!s.isAboveHighWater)
  }

  private func overflow(
    _ limit: Int, _ s: inout State, _ wake: inout Wake
  ) -> Result<Bool, ConnectionError> {
    let error = ConnectionError.outboxFull(limit: limit)
    context.counters.droppedMessages.add(1)
    if context.options.overflowPolicy == .dropClient {
      fail(&s, error)
      s.socket.setResetOnClose()
      s.isClosing = true
      advance(&s, &wake)
    }
    return .failure(error)
  }

  func waitUntilDrained() async throws {
    let task = CurrentTask.id
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        let failure: (any Error)?? = state.withLock { s in
          if let failure = s.failure { return .some(failure) }
          if !s.isAboveHighWater { return .some(nil) }
          if Task.isCancelled { return .some(CancellationError()) }
          s.senders.append(Sender(continuation: continuation, task: task))
          return nil
        }
        switch failure {
        case nil: break
        case .some(nil): continuation.resume()
        case .some(let error?): continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      cancelSender(of: task)
    }
  }

  private func cancelSender(of task: UInt) {
    let sender: Sender? = state.withLock { s in
      guard let index = s.senders.firstIndex(where: { $0.task == task }) else { return nil }
      return s.senders.remove(at: index)
    }
    sender?.continuation.resume(throwing: CancellationError())
  }

  /// The kernel has room again.
  func flush(_ s: inout State, _ wake: inout Wake) {
    do throws(Errno) {
      let sent = try s.outbox.flush(to: s.socket, waiting: true)
      noteSent(sent, &s)
      s.times.sendProgress = s.times.activity
    } catch .resourceTemporarilyUnavailable {
    } catch {
      fail(&s, .lost(error))
    }
    if s.isAboveHighWater, s.outbox.byteCount <= context.options.lowWaterMark {
      s.isAboveHighWater = false
      wake.senders = s.senders
      wake.writable = true
      s.senders = []
    }
    if s.outbox.isEmpty { updateInterest(&s) }
  }

  @inline(__always)
  private func noteSent(_ count: Int, _ s: inout State) {
    context.counters.sends.add(1)
    context.counters.sentBytes.add(count)
    noteActivity(&s)
  }
}
