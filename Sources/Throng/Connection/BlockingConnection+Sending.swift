// Sending under thread-per-client: `send` blocks its thread until the kernel has taken everything.
// `write` never blocks: what the kernel does not take at once is left to whoever flushes, and to a
// thread started for it when nobody does.

import SystemPackage

extension BlockingConnection {
  /// What one blocking send may take, so that progress is seen while a large one goes on.
  private static let largestSend = 256 * 1024

  @inline(__always)
  func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery
  ) throws(ConnectionError) -> Transmission {
    var needsFlusher = false
    let result: Result<Transmission, ConnectionError> = state.withLock { s in
      if let failure = s.failure { return .failure(failure) }
      if s.outboundClosing { return .failure(.closed) }
      let count = buffer.count + (prefix?.count ?? 0)
      if count == 0 { return .success(.taken) }
      var sent = 0
      if s.outbox.isEmpty, !s.isFlushing {
        do throws(Errno) {
          sent = try s.socket.reference.send(buffer, after: prefix, waiting: false)
          noteSent(sent, &s)
          if sent == count { return .success(.taken) }
        } catch .resourceTemporarilyUnavailable {
        } catch {
          fail(&s, .lost(error))
          return .failure(.lost(error))
        }
      }
      if delivery.isRefused(
        queueing: count, to: s.outbox, afterSending: sent,
        highWaterMark: context.options.highWaterMark)
      {
        return .success(.cancelled)
      }
      if let overflow = delivery.overflow(
        of: s.outbox, by: count - sent, afterSending: sent, &s.deadlines, now: .coarseNow)
      {
        return .failure(drop(overflow, &s))
      }
      if s.outbox.isEmpty { s.deadlines.beginSending(now: .coarseNow) }
      s.outbox.append(buffer, from: sent, keeping: bytes, after: prefix)
      context.counters.noteOutbox(s.outbox.byteCount)
      updateTimer(&s)
      needsFlusher = delivery.isWrite && !s.isFlushing && !s.flusherIsComing
      if needsFlusher { s.flusherIsComing = true }
      return .success(.mustWait)
    }
    if needsFlusher { startFlusher() }
    return try result.get()
  }

  private func drop(
    _ overflow: Delivery.Overflow, _ s: inout State
  ) -> ConnectionError {
    context.counters.droppedMessages.add(1)
    let error = overflow.error
    if overflow.dropsClient {
      context.counters.droppedClients.add(1)
      fail(&s, error)
    }
    return error
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
    var next = beginFlush(awaitingOthers)
    while let (socket, slices) = next {
      let result = executor.blocking { () -> Result<Int, Errno> in
        do throws(Errno) {
          return .success(try sendWaiting(socket, slices))
        } catch {
          return .failure(error)
        }
      }
      next = continueFlush(result)
    }
  }

  /// Waits with poll(2) and not in send(2), because only a shutdown would end that: the client would
  /// see the orderly end of a stream of which the rest was dropped.
  private func sendWaiting(
    _ socket: SocketReference, _ slices: ContiguousArray<ChunkSlice>.SubSequence
  ) throws(Errno) -> Int {
    while true {
      do throws(Errno) {
        return try socket.send(slices, waiting: false)
      } catch .resourceTemporarilyUnavailable {
        try socket.waitUntilWritable(or: try flushStop().event.descriptor)
      }
      if state.withLock({ $0.failure != nil }) { throw .canceled }
    }
  }

  private func flushStop() throws(Errno) -> Stop {
    if let stop = state.withLock({ $0.flushStop }) { return stop }
    let stop = try Stop()
    state.withLock { s in
      s.flushStop = stop
      if s.failure != nil { stop.event.signal() }
    }
    return stop
  }

  /// A descriptor that poll(2) can wait for together with the socket.
  final class Stop: Sendable {
    let event: EventDescriptor
    init() throws(Errno) { event = try EventDescriptor() }
  }

  private typealias Flush = (SocketReference, ContiguousArray<ChunkSlice>.SubSequence)

  private func beginFlush(_ awaitingOthers: Bool) -> Flush? {
    state.wait { s in
      s.flusherIsComing = false
      if s.isFlushing { return awaitingOthers ? nil : .some(nil) }
      guard s.failure == nil, !s.outbox.isEmpty, s.socket.isOpen else { return .some(nil) }
      s.isFlushing = true
      s.users += 1
      return (s.socket.reference, s.outbox.front(atMost: Self.largestSend))
    }
  }

  /// The next part to send. Until there is none, no other thread flushes.
  private func continueFlush(_ result: Result<Int, Errno>) -> Flush? {
    state.withLock { s in
      if case .success(let sent) = result, s.failure == nil {
        s.outbox.drop(sent)
        noteSent(sent, &s)
        s.deadlines.noteProgress(left: s.outbox.byteCount)
        if s.outbox.byteCount <= context.options.lowWaterMark { endSenders(&s) }
        if !s.outbox.isEmpty {
          return (s.socket.reference, s.outbox.front(atMost: Self.largestSend))
        }
      }
      endFlush(result, &s)
      return nil
    }
  }

  private func endFlush(_ result: Result<Int, Errno>, _ s: inout State) {
    s.isFlushing = false
    s.users -= 1
    if case .failure(let error) = result { fail(&s, .lost(error)) }
    if s.failure != nil { closeIfUnused(&s) }
    endSenders(&s)
    sendFinIfFlushed(&s)
    state.wakeAll()
  }

  /// The handler's own `send` flushes on its thread; when another thread is at it, the task waits for
  /// the low-water mark. Every other task waits so from the start, because it can be cancelled.
  func flushOrRegister(_ sender: Sender) {
    if sender.task == rootTask.load(ordering: .relaxed), executor.isCurrent {
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
