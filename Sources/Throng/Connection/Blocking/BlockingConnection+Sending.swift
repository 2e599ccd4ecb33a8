// Sending under thread-per-client: `send` blocks its thread until the kernel has taken everything.
// `write` never blocks: what the kernel does not take at once the loop sends when there is room. Every
// send(2) is made under the lock and does not wait. A thread that has to wait does so on the condition:
// out of a blocking send only a shutdown would wake it, and the client would see the orderly end of a
// stream of which the rest was dropped.

import LinuxSystem
import SystemPackage

extension BlockingConnection {
  @inline(__always)
  func transmit(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?
  ) throws(ConnectionError) -> Transmission {
    let result: Result<Transmission, ConnectionError> = withState { s in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      if s.lifecycle.output != .open { return .failure(.closed) }
      let count = buffer.count + (prefix?.count ?? 0)
      if count == 0 { return .success(.taken) }
      if gathers(count, delivery, s) {
        s.outbox.append(buffer, from: 0, keeping: bytes, after: prefix)
        context.counters.noteOutbox(s.outbox.byteCount)
        s.flushIsDue = true
        return .success(.taken)
      }
      var sent = 0
      if s.outbox.isEmpty {
        do throws(TransportError) {
          sent = try s.transport.send(buffer, after: prefix)
          noteSent(sent, &s)
          if s.transport.hasUnsent { flushByLoop(&s) }
          if sent == count { return .success(.taken) }
        } catch {
          noteFailure(error, &s)
          if let failure = s.lifecycle.failure { return .failure(failure) }
        }
      }
      if delivery.isRefused(
        queueing: count, behind: s.outbox.byteCount, afterSending: sent,
        highWaterMark: context.options.highWaterMark)
      {
        return .success(.cancelled)
      }
      if delivery.isWrite,
        let overflow = (policy ?? context.options.slowReaders).overflow(
          of: s.outbox.byteCount, by: count - sent, afterSending: sent, &s.progress, now: .coarseNow
        )
      {
        return .failure(drop(overflow, &s))
      }
      if s.outbox.isEmpty { s.progress.begin(now: .coarseNow) }
      s.outbox.append(buffer, from: sent, keeping: bytes, after: prefix)
      context.counters.noteOutbox(s.outbox.byteCount)
      updateTimer(&s)
      if delivery.isWrite { flushByLoop(&s) }
      return .success(.mustWait)
    }
    return try result.get()
  }

  /// Several parts go by way of the outbox, always.
  func transmit(parts: [Bytes]) throws(ConnectionError) -> Transmission {
    let count = parts.reduce(0) { $0 + $1.count }
    let result: Result<Transmission, ConnectionError> = withState { s in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      if s.lifecycle.output != .open { return .failure(.closed) }
      if count == 0 { return .success(.taken) }
      let isGathered = gathers(count, .send, s)
      if Delivery.send.isRefused(
        queueing: count, behind: s.outbox.byteCount, afterSending: 0,
        highWaterMark: context.options.highWaterMark)
      {
        return .success(.cancelled)
      }
      if s.outbox.isEmpty { s.progress.begin(now: .coarseNow) }
      for part in parts { s.outbox.append(part.slice) }
      context.counters.noteOutbox(s.outbox.byteCount)
      if isGathered { s.flushIsDue = true } else { offerGathered(&s) }
      if let failure = s.lifecycle.failure { return .failure(failure) }
      return .success(isGathered || s.outbox.isEmpty ? .taken : .mustWait)
    }
    return try result.get()
  }

  /// Whether the handler's reply is held back, because more requests have arrived: until the handler waits,
  /// for whatever it may be.
  @inline(__always)
  private func gathers(_ count: Int, _ delivery: Delivery, _ s: borrowing State) -> Bool {
    guard !delivery.isWrite, coalescesReplies.load(ordering: .relaxed) else { return false }
    return s.outbox.byteCount + count <= context.options.highWaterMark
      && (s.flushIsDue || s.outbox.isEmpty) && isHandlersTask()
  }

  /// Sends what was gathered as far as the kernel takes it at once, and leaves the rest to the loop.
  func offerGathered(_ s: inout State) {
    s.flushIsDue = false
    guard s.lifecycle.failure == nil, s.transport.isOpen, !s.isFlushing else { return }
    while !s.outbox.isEmpty, sendFront(&s) {}
    guard s.lifecycle.failure == nil, !s.outbox.isEmpty || s.transport.hasUnsent else { return }
    s.progress.begin(now: .coarseNow)
    updateTimer(&s)
    flushByLoop(&s)
  }

  private func drop(
    _ overflow: SlowReaderPolicy.Overflow, _ s: inout State
  ) -> ConnectionError {
    context.counters.droppedMessages.add(1)
    let error = overflow.error
    if overflow.dropsClient {
      context.counters.droppedClients.add(1)
      fail(&s, error)
    }
    return error
  }

  // MARK: Flushing

  /// Sends what is queued, blocking, until the outbox is empty or the connection has failed. On a thread
  /// of the connection, one at a time.
  func flushWaiting() {
    while let mustWait = flushOnce() {
      guard mustWait else { continue }
      executor.blocking {
        state.wait { s in s.lifecycle.failure != nil || !s.awaited.contains(.writable) ? () : nil }
      }
    }
  }

  /// - Returns: whether the kernel is full; nil when there is no more to do.
  private func flushOnce() -> Bool? {
    withState { s in
      s.flushIsDue = false
      s.isFlushing = s.transport.isOpen && !s.lifecycle.mustClose && !s.isFlushed
      guard s.isFlushing else { return nil }
      if sendFront(&s) { return false }
      watch(.writable, &s)
      return true
    }
  }

  /// Leaves to the loop what is queued, unless a thread of the connection is at it.
  func flushByLoop(_ s: inout State) {
    if !s.isFlushed, !s.isFlushing { watch(.writable, &s) }
  }

  /// One sendmsg(2).
  /// - Returns: false when the kernel is full, or the client lost.
  func sendFront(_ s: inout State) -> Bool {
    do throws(TransportError) {
      if s.outbox.isEmpty {
        try s.transport.flush()
      } else {
        let sent = try s.transport.send(frontOf: s.outbox)
        s.outbox.drop(sent)
        noteSent(sent, &s)
      }
      s.progress.note(left: s.outbox.byteCount, now: s.deadlines.activity)
      if s.outbox.byteCount <= context.options.lowWaterMark { endWriteWaiters(&s, isEnd: false) }
      sendFinIfFlushed(&s)
      // The rest of a record waits for the kernel.
      return !s.transport.hasUnsent
    } catch {
      noteFailure(error, &s)
      return false
    }
  }

  /// The handler's own `send` flushes on its thread. For every other task, which can be cancelled, the
  /// loop does; the task waits for the low-water mark.
  func awaitLowWater(_ writeWaiter: WriteWaiter) {
    if writeWaiter.task == rootTask.load(ordering: .relaxed), executor.isCurrent { flushWaiting() }
    let outcome: Result<Void, any Error>? = withState { s in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      flushByLoop(&s)
      if s.outbox.byteCount <= context.options.lowWaterMark { return .success(()) }
      if Task.isCancelled { return .failure(CancellationError()) }
      s.writeWaiters.append(writeWaiter)
      return nil
    }
    if let outcome { writeWaiter.continuation.resume(with: outcome) }
  }

  func cancelSend(of task: UInt) {
    let writeWaiter: WriteWaiter? = state.withLock { s in
      guard let index = s.writeWaiters.firstIndex(where: { $0.task == task }) else { return nil }
      return s.writeWaiters.remove(at: index)
    }
    writeWaiter?.continuation.resume(throwing: CancellationError())
  }

  @inline(__always)
  private func noteSent(_ count: Int, _ s: inout State) {
    context.traffic.countSend(count)
    s.deadlines.activity = .coarseNow
  }
}
