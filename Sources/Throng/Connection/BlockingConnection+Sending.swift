// Sending under thread-per-client: `send` blocks its thread until the kernel has taken everything.
// `write` never blocks: what the kernel does not take at once is left to whoever flushes, and to a
// thread started for it when nobody does.

import SystemPackage

extension BlockingConnection {
  /// What one blocking send may take, so that progress is seen while a large one goes on.
  private static let largestSend: UInt32 = 256 * 1024

  @inline(__always)
  func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, _ delivery: Delivery
  ) throws(ConnectionError) -> Bool {
    var needsFlusher = false
    let result: Result<Bool, ConnectionError> = state.withLock { s in
      if let failure = s.failure { return .failure(failure) }
      if s.outboundClosing { return .failure(.closed) }
      if buffer.count == 0 { return .success(true) }
      var sent = 0
      if s.outbox.isEmpty, !s.isFlushing {
        do throws(Errno) {
          sent = try s.socket.reference.send(buffer, waiting: false)
          noteSent(sent, &s)
          if sent == buffer.count { return .success(true) }
        } catch .resourceTemporarilyUnavailable {
        } catch {
          fail(&s, .lost(error))
          return .failure(.lost(error))
        }
      }
      if context.overflows(s.outbox, by: buffer.count - sent, afterSending: sent, delivery) {
        return overflow(&s)
      }
      if s.outbox.isEmpty { s.deadlines.sendProgress = .now }
      s.outbox.append(buffer, from: sent, keeping: bytes)
      context.counters.noteOutbox(s.outbox.byteCount)
      updateTimer(&s)
      needsFlusher = delivery == .write && !s.isFlushing
      return .success(false)
    }
    if needsFlusher { startFlusher() }
    return try result.get()
  }

  private func overflow(_ s: inout State) -> Result<Bool, ConnectionError> {
    let error = ConnectionError.outboxFull(limit: context.options.outboxLimit)
    context.counters.droppedMessages.add(1)
    if context.options.overflowPolicy == .dropClient { fail(&s, error) }
    return .failure(error)
  }

  private func startFlusher() {
    do {
      try Thread.startDetached(stackSize: stackSize) { [self] in flush() }
    } catch {
      state.withLock { fail(&$0, .lost(error)) }
    }
  }

  /// Sends what is queued, blocking, until the outbox is empty or the connection has failed. Returns
  /// at once when somebody else is doing so, unless `awaitingOthers`.
  func flush(awaitingOthers: Bool = true) {
    while let (socket, slices) = beginFlush(awaitingOthers) {
      let result = executor.blocking { () -> Result<Int, Errno> in
        do throws(Errno) {
          return .success(try socket.send(slices))
        } catch {
          return .failure(error)
        }
      }
      endFlush(result)
    }
  }

  private func beginFlush(
    _ awaitingOthers: Bool
  ) -> (SocketReference, ContiguousArray<ChunkSlice>.SubSequence)? {
    state.wait { s in
      if s.isFlushing { return awaitingOthers ? nil : .some(nil) }
      guard s.failure == nil, !s.outbox.isEmpty, s.socket.isOpen else { return .some(nil) }
      s.isFlushing = true
      s.users += 1
      return (s.socket.reference, s.outbox.front(atMost: Self.largestSend))
    }
  }

  private func endFlush(_ result: Result<Int, Errno>) {
    state.withLock { s in
      s.isFlushing = false
      s.users -= 1
      switch result {
      case .success(let sent) where s.failure == nil:
        s.outbox.drop(sent)
        noteSent(sent, &s)
        s.deadlines.sendProgress = s.deadlines.activity
      case .failure(let error) where s.failure == nil: fail(&s, .lost(error))
      default: closeIfUnused(&s)
      }
      if s.outbox.byteCount <= context.options.lowWaterMark { endSenders(&s) }
      sendFinIfFlushed(&s)
      state.wakeAll()
    }
  }

  /// The handler's `send` flushes on the handler's own thread; when another thread is at it, the task
  /// waits for the low-water mark.
  func flushOrRegister(_ sender: Sender) {
    if executor.isCurrent {
      flush(awaitingOthers: false)
    } else {
      executor.perform { [self] in flush(awaitingOthers: false) }
    }
    state.withLock { s in
      if let failure = s.failure { return sender.continuation.resume(throwing: failure) }
      if s.outbox.byteCount <= context.options.lowWaterMark { return sender.continuation.resume() }
      if Task.isCancelled { return sender.continuation.resume(throwing: CancellationError()) }
      s.senders.append(sender)
    }
  }

  func cancelSender(of task: UInt) {
    let sender: Sender? = state.withLock { s in
      guard let index = s.senders.firstIndex(where: { $0.task == task }) else { return nil }
      return s.senders.remove(at: index)
    }
    sender?.continuation.resume(throwing: CancellationError())
  }

  @inline(__always)
  private func noteSent(_ count: Int, _ s: inout State) {
    context.counters.countSend(count)
    s.deadlines.activity = .coarseNow
  }
}
