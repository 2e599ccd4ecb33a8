// Sending: write first, and only what the kernel did not take waits in the outbox for EPOLLOUT.

import SystemPackage

extension ReadyConnection {
  @inline(__always)
  func sendOrQueue(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery
  ) throws(ConnectionError) -> Transmission {
    var wake = Wake()
    let result: Result<Transmission, ConnectionError> = state.withLock { s in
      if let failure = s.failure { return .failure(failure) }
      if s.outboundClosing { return .failure(.closed) }
      let count = buffer.count + (prefix?.count ?? 0)
      if count == 0 { return .success(.taken) }
      let highWaterMark = context.options.highWaterMark
      let mayGather = s.outbox.byteCount + count <= delivery.mostUnoffered(highWaterMark)
      let isReply = !delivery.isWrite && gathersReplies.load(ordering: .relaxed)
      if s.flushIsDue, !mayGather {
        offer(&s)
        if let failure = s.failure {
          closeFailed(&s, &wake)
          return .failure(failure)
        }
      }
      var sent = 0
      if s.outbox.isEmpty, isDue(delivery, isReply, mayGather, s.token) {
        do throws(Errno) {
          sent = try s.socket.reference.send(buffer, after: prefix)
          noteSent(sent, &s)
          if sent == count { return .success(.taken) }
        } catch .resourceTemporarilyUnavailable {
        } catch {
          fail(&s, .lost(error))
          closeFailed(&s, &wake)
          return .failure(.lost(error))
        }
      }
      if delivery.isRefused(
        queueing: count, to: s.outbox, afterSending: sent, highWaterMark: highWaterMark)
      {
        return .success(.cancelled)
      }
      let left = count - sent
      if let refusal = refuse(left, afterSending: sent, delivery, &s, &wake) {
        return .failure(refusal)
      }
      let isFirst = s.outbox.isEmpty
      s.outbox.append(buffer, from: sent, keeping: bytes, after: prefix)
      return .success(noteQueued(isFirst: isFirst, isReply: isReply, delivery, &s))
    }
    if case .failure = result { wake.perform(on: self) }
    return try result.get()
  }

  /// Whether bytes that nothing waits before are given to the kernel now, not at the end of the turn.
  @inline(__always)
  private func isDue(
    _ delivery: Delivery, _ isReply: Bool, _ mayGather: Bool, _ token: Token
  ) -> Bool {
    if isReply { return !mayGather }
    return !delivery.isDeferred || !mayGather || driver.sendsAtOnce(token)
  }

  /// Why the outbox does not take so many bytes more.
  private func refuse(
    _ count: Int, afterSending sent: Int, _ delivery: Delivery, _ s: inout State,
    _ wake: inout Wake
  ) -> ConnectionError? {
    guard
      let overflow = delivery.overflow(
        of: s.outbox, by: count, afterSending: sent, &s.deadlines, now: driver.now)
    else { return nil }
    return drop(overflow, &s, &wake)
  }

  private func noteQueued(
    isFirst: Bool, isReply: Bool, _ delivery: Delivery, _ s: inout State
  ) -> Transmission {
    context.counters.noteOutbox(s.outbox.byteCount)
    if isFirst {
      s.deadlines.beginSending(now: .coarseNow)
      s.flushIsDue = delivery.isDeferred || isReply
      if s.flushIsDue { driver.poke(s.token) }
    } else if s.flushIsDue, !isReply {
      driver.noteJoined()
    }
    // What waits for the end of the turn waits for no event and no time.
    if !s.flushIsDue {
      updateInterest(&s)
      updateTimer(&s)
    }
    if s.outbox.byteCount > context.options.highWaterMark { s.isAboveHighWater = true }
    return s.isAboveHighWater ? .mustWait : .taken
  }

  private func drop(
    _ overflow: Delivery.Overflow, _ s: inout State, _ wake: inout Wake
  ) -> ConnectionError {
    context.counters.droppedMessages.add(1)
    let error = overflow.error
    if overflow.dropsClient {
      context.counters.droppedClients.add(1)
      fail(&s, error)
      s.socket.setResetOnClose()
      closeFailed(&s, &wake)
    }
    return error
  }

  /// An event handler's callbacks come from the driver, never out of somebody's `write`.
  private func closeFailed(_ s: inout State, _ wake: inout Wake) {
    if !context.isEventDriven { advance(&s, &wake) } else if s.hasSlot { driver.poke(s.token) }
  }

  func registerOrResume(_ sender: Sender) {
    let failure: (any Error)?? = state.withLock { s in
      if let failure = s.failure { return .some(failure) }
      if !s.isAboveHighWater { return .some(nil) }
      if Task.isCancelled { return .some(CancellationError()) }
      s.senders.append(sender)
      return nil
    }
    switch failure {
    case nil: break
    case .some(nil): sender.continuation.resume()
    case .some(let error?): sender.continuation.resume(throwing: error)
    }
  }

  func cancelSender(of task: UInt) {
    let sender: Sender? = state.withLock { s in
      guard let index = s.senders.firstIndex(where: { $0.task == task }) else { return nil }
      return s.senders.remove(at: index)
    }
    sender?.continuation.resume(throwing: CancellationError())
  }

  /// The kernel has room again, or the turn is over in which bytes were written.
  func flush(_ s: inout State, _ wake: inout Wake) {
    _ = sendFront(&s)
    wakeSenders(&s, &wake)
    if s.outbox.isEmpty { updateInterest(&s) }
  }

  /// Gives the kernel what waits for the end of the turn: what was never offered says nothing about the
  /// client. Who waits for the low-water mark is woken at the end of the turn all the same.
  private func offer(_ s: inout State) {
    s.flushIsDue = false
    while !s.outbox.isEmpty, sendFront(&s) {}
    guard s.failure == nil, !s.outbox.isEmpty else { return }
    updateInterest(&s)
    updateTimer(&s)
  }

  /// - Returns: false when the kernel is full, or the client lost.
  private func sendFront(_ s: inout State) -> Bool {
    do throws(Errno) {
      let socket = s.socket.reference
      let sent =
        if let piece = s.outbox.onlyPiece { try socket.send(piece) } else {
          try socket.send(s.outbox.front())
        }
      s.outbox.drop(sent)
      noteSent(sent, &s)
      s.deadlines.noteProgress(left: s.outbox.byteCount)
      return true
    } catch .resourceTemporarilyUnavailable {
      return false
    } catch {
      fail(&s, .lost(error))
      return false
    }
  }

  func wakeSenders(_ s: inout State, _ wake: inout Wake) {
    // What a lost connection had queued was dropped, which its senders are told by `endSenders`.
    guard s.failure == nil, s.isAboveHighWater,
      s.outbox.byteCount <= context.options.lowWaterMark
    else { return }
    s.isAboveHighWater = false
    wake.besides.senders = s.senders
    wake.besides.writable = true
    s.senders = []
  }

  @inline(__always)
  private func noteSent(_ count: Int, _ s: inout State) {
    context.counters.countSend(count)
    s.deadlines.activity = .coarseNow
  }
}
