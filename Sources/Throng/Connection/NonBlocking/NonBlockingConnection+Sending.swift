// Sending: write first, and only what the kernel did not take waits in the outbox for EPOLLOUT.

import LinuxSystem
import SystemPackage

extension NonBlockingConnection {
  /// What has become of a send, and what is to be done once the lock is released.
  struct SendOutcome {
    fileprivate var result: Result<Transmission, ConnectionError>
    fileprivate var resumptions = DeferredResumptions()

    init(_ result: Result<Transmission, ConnectionError>) { self.result = result }

    @inline(never)
    func get(on connection: NonBlockingConnection) throws(ConnectionError) -> Transmission {
      if case .failure = result { resumptions.perform(on: connection) }
      return try result.get()
    }
  }

  /// - Parameter attempt: what has come of giving the bytes to the kernel, where that was tried already.
  @inline(never)
  func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?, _ attempt: Result<Int, TransportError>?,
    _ s: inout State
  ) -> SendOutcome {
    var outcome = SendOutcome(.success(.taken))
    outcome.result = sendOrQueue(
      buffer, keeping: bytes, after: prefix, delivery, policy, attempt, &s, &outcome.resumptions)
    return outcome
  }

  private func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?, _ attempt: Result<Int, TransportError>?,
    _ s: inout State, _ resumptions: inout DeferredResumptions
  ) -> Result<Transmission, ConnectionError> {
    if let failure = s.lifecycle.failure { return .failure(failure) }
    if s.lifecycle.output != .open { return .failure(.closed) }
    let count = buffer.count + (prefix?.count ?? 0)
    if count == 0 { return .success(.taken) }
    let policy = delivery.isWrite ? policy ?? context.options.slowReaders : nil
    let highWaterMark = context.options.highWaterMark
    let mayCoalesce =
      s.backlog.byteCount + count <= Delivery.mostUnoffered(highWaterMark, policy)
    let isReply = !delivery.isWrite && coalescesReplies.load(ordering: .relaxed)
    if s.flushIsDue, !mayCoalesce {
      offer(&s)
      if let failure = s.lifecycle.failure {
        closeFailed(&s, &resumptions)
        return .failure(failure)
      }
    }
    var sent = 0
    if s.backlog.isEmpty, isDue(delivery, isReply, mayCoalesce, s.registration.token) {
      do throws(TransportError) {
        if let attempt {
          sent = try attempt.get()
        } else {
          sent = try send(buffer, after: prefix, &s)
        }
        if sent == count { return .success(.taken) }
      } catch {
        noteFailure(error, &s)
        if let failure = s.lifecycle.failure {
          closeFailed(&s, &resumptions)
          return .failure(failure)
        }
      }
    }
    if delivery.isRefused(
      queueing: count, behind: s.backlog.byteCount, afterSending: sent, highWaterMark: highWaterMark
    ) {
      return .success(.cancelled)
    }
    if let policy,
      let refusal = refuse(count - sent, afterSending: sent, policy, &s, &resumptions)
    {
      return .failure(refusal)
    }
    let isFirst = s.backlog.isEmpty
    // Small replies that leave together are cheaper in one piece than each where it is.
    let joins = isReply && count <= Self.longestJoined
    s.backlog.contents.pointee.outbox.append(
      buffer, from: sent, keeping: joins ? nil : bytes, after: prefix)
    return .success(noteQueued(isFirst: isFirst, isReply: isReply, delivery, &s))
  }

  private func send(
    _ buffer: UnsafeRawBufferPointer, after prefix: Bytes?, _ s: inout State
  ) throws(TransportError) -> Int {
    let sent = try s.transport.send(buffer, after: prefix)
    noteSent(sent, &s)
    if s.transport.hasUnsent { noteUnsent(&s) }
    return sent
  }

  /// Several parts go by way of the outbox, always.
  func transmit(parts: [Bytes]) throws(ConnectionError) -> Transmission {
    var resumptions = DeferredResumptions()
    let count = parts.reduce(0) { $0 + $1.count }
    let result: Result<Transmission, ConnectionError> = state.withLock { s in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      if s.lifecycle.output != .open { return .failure(.closed) }
      if count == 0 { return .success(.taken) }
      let highWaterMark = context.options.highWaterMark
      if Delivery.send.isRefused(
        queueing: count, behind: s.backlog.byteCount, afterSending: 0, highWaterMark: highWaterMark)
      {
        return .success(.cancelled)
      }
      let isReply =
        coalescesReplies.load(ordering: .relaxed) && s.backlog.byteCount + count <= highWaterMark
      let isFirst = s.backlog.isEmpty
      let wasDue = s.flushIsDue
      for part in parts { s.backlog.contents.pointee.outbox.append(part.slice) }
      if !isReply, isFirst || wasDue {
        if isFirst { s.backlog.contents.pointee.progress.begin(now: .coarseNow) }
        offer(&s)
        if let failure = s.lifecycle.failure {
          closeFailed(&s, &resumptions)
          return .failure(failure)
        }
        if s.backlog.isEmpty { return .success(.taken) }
      }
      return .success(noteQueued(isFirst: isFirst && isReply, isReply: isReply, .send, &s))
    }
    if case .failure = result { resumptions.perform(on: self) }
    return try result.get()
  }

  /// Whether bytes that nothing waits before are given to the kernel now, not at the end of the turn.
  @inline(__always)
  private func isDue(
    _ delivery: Delivery, _ isReply: Bool, _ mayCoalesce: Bool, _ token: Token
  ) -> Bool {
    if isReply { return !mayCoalesce }
    return !delivery.isDeferred || !mayCoalesce || loop.sendsAtOnce(token)
  }

  /// Why the outbox does not take the bytes; nil when it does.
  private func refuse(
    _ count: Int, afterSending sent: Int, _ policy: SlowReaderPolicy, _ s: inout State,
    _ resumptions: inout DeferredResumptions
  ) -> ConnectionError? {
    guard
      let overflow = policy.overflow(
        of: s.backlog.byteCount, by: count, afterSending: sent,
        &s.backlog.contents.pointee.progress, now: loop.now)
    else { return nil }
    return drop(overflow, &s, &resumptions)
  }

  private func noteQueued(
    isFirst: Bool, isReply: Bool, _ delivery: Delivery, _ s: inout State
  ) -> Transmission {
    context.counters.noteOutbox(s.backlog.byteCount)
    if isFirst {
      s.backlog.contents.pointee.progress.begin(now: .coarseNow)
      s.flushIsDue = delivery.isDeferred || isReply
      if s.flushIsDue { loop.wake(s.registration.token) }
    } else if s.flushIsDue, !isReply {
      loop.noteCoalesced()
    }
    // What waits for the end of the turn waits for no event and no time.
    if !s.flushIsDue {
      updateInterest(&s)
      updateTimer(&s)
    }
    if s.backlog.byteCount > context.options.highWaterMark { s.isAboveHighWater = true }
    return s.isAboveHighWater ? .mustWait : .taken
  }

  private func drop(
    _ overflow: SlowReaderPolicy.Overflow, _ s: inout State,
    _ resumptions: inout DeferredResumptions
  ) -> ConnectionError {
    context.counters.droppedMessages.add(1)
    let error = overflow.error
    if overflow.dropsClient {
      context.counters.droppedClients.add(1)
      fail(&s, error)
      closeFailed(&s, &resumptions)
    }
    return error
  }

  /// An event handler's callbacks are called by the loop, never from within `write`.
  private func closeFailed(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    if !context.isEventDriven {
      advance(&s, &resumptions)
    } else if s.registration.isActive {
      loop.wake(s.registration.token)
    }
  }

  func awaitLowWater(_ writeWaiter: WriteWaiter) {
    let failure: (any Error)?? = state.withLock { s in
      if let failure = s.lifecycle.failure { return .some(failure) }
      if !s.isAboveHighWater { return .some(nil) }
      if Task.isCancelled { return .some(CancellationError()) }
      s.backlog.writeWaiters.append(writeWaiter)
      return nil
    }
    switch failure {
    case nil: break
    case .some(nil): writeWaiter.continuation.resume()
    case .some(let error?): writeWaiter.continuation.resume(throwing: error)
    }
  }

  func cancelSend(of task: UInt) {
    let writeWaiter: WriteWaiter? = state.withLock { s in
      guard let index = s.backlog.writeWaiters.firstIndex(where: { $0.task == task }) else {
        return nil
      }
      return s.backlog.writeWaiters.remove(at: index)
    }
    writeWaiter?.continuation.resume(throwing: CancellationError())
  }

  /// The kernel has room again, or the turn is over in which bytes were written.
  func flush(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    if s.backlog.isEmpty { flushCiphertext(&s) } else { _ = sendFront(&s) }
    resumeWriteWaiters(&s, &resumptions)
    if s.backlog.isEmpty { updateInterest(&s) }
  }

  private func flushCiphertext(_ s: inout State) {
    do throws(TransportError) {
      try s.transport.flush()
      s.backlog.contents.pointee.progress.note(left: 0, now: s.deadlines.activity)
    } catch {
      noteFailure(error, &s)
    }
  }

  /// Ciphertext waits for the kernel, though the outbox may be empty.
  private func noteUnsent(_ s: inout State) {
    s.backlog.contents.pointee.progress.begin(now: .coarseNow)
    updateInterest(&s)
    updateTimer(&s)
  }

  /// Gives the kernel what waits for the end of the turn: what was never offered says nothing about the
  /// client. Tasks that wait for the low-water mark are resumed at the end of the turn.
  func offer(_ s: inout State) {
    s.flushIsDue = false
    context.counters.noteOutbox(s.backlog.byteCount)
    while !s.backlog.isEmpty, sendFront(&s) {}
    guard !s.lifecycle.hasFailed, !s.isFlushed else { return }
    updateInterest(&s)
    updateTimer(&s)
  }

  /// - Returns: false when the kernel is full, or the client lost.
  private func sendFront(_ s: inout State) -> Bool {
    do throws(TransportError) {
      let backlog = s.backlog.contents
      let sent = try s.transport.send(frontOf: backlog.pointee.outbox)
      backlog.pointee.outbox.drop(sent)
      noteSent(sent, &s)
      backlog.pointee.progress.note(
        left: backlog.pointee.outbox.byteCount, now: s.deadlines.activity)
      return true
    } catch {
      noteFailure(error, &s)
      return false
    }
  }

  func resumeWriteWaiters(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    // What a lost connection had queued was dropped, which its writeWaiters are told by `endWriteWaiters`.
    guard !s.lifecycle.hasFailed, s.isAboveHighWater,
      s.backlog.byteCount <= context.options.lowWaterMark
    else { return }
    s.isAboveHighWater = false
    resumptions.besides.writeWaiters = s.backlog.writeWaiters.filter { !$0.awaitsEnd }
    resumptions.besides.writable = true
    s.backlog.writeWaiters.removeAll { !$0.awaitsEnd }
  }

  @inline(__always)
  func noteSent(_ count: Int, _ s: inout State) {
    context.traffic.countSend(count)
    s.deadlines.activity = .coarseNow
  }
}
