// The way of nearly every message: the input that a task or an event handler waits for, over a plain socket,
// on a connection that neither ends nor has anything queued. Whatever else may be is left to the general
// functions, which handle every case. What this saves is counted by Benchmarks/instructions: about 300
// instructions a message.

import LinuxSystem
import SystemPackage

extension NonBlockingConnection {
  /// On a thread of the loop.
  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    guard readiness == .readable else { return handleAnyEvents(readiness, &buffer) }
    if context.isEventDriven {
      guard let bytes = receiveForCallback(&buffer) else {
        return handleAnyEvents(readiness, &buffer)
      }
      context.deliver(bytes, to: self)
      if !endOrdinaryCallback() { endCallbacks() }
    } else {
      guard let (waiter, bytes) = receiveForWaiter(&buffer) else {
        return handleAnyEvents(readiness, &buffer)
      }
      waiter.resume(returning: bytes)
    }
  }

  @inline(__always)
  private func receiveForWaiter(
    _ buffer: inout ReceiveBuffer
  ) -> (UnsafeContinuation<Bytes?, any Error>, Bytes)? {
    state.withLock { s in
      // The event has disarmed a pool's descriptor, also for what waits to be sent.
      guard isOrdinary(s), s.backlog.isEmpty || !loop.isOneShot, let waiter = s.readWaiter,
        let bytes = receive(&s, &buffer, atMost: waiter.limit)
      else { return nil }
      s.readWaiter = nil
      if loop.isOneShot, context.options.cancelsOnClose { watchForClose(&s) }
      return (waiter.continuation, bytes)
    }
  }

  @inline(__always)
  private func receiveForCallback(_ buffer: inout ReceiveBuffer) -> Bytes? {
    state.withLock { s in
      guard isOrdinary(s), !s.callbacks.isBusy, !s.isAboveHighWater, !s.isPaused,
        let bytes = receive(&s, &buffer, atMost: Int32(ReceiveBuffer.chunkSize))
      else { return nil }
      s.callbacks.isBusy = true
      return bytes
    }
  }

  @inline(__always)
  private func isOrdinary(_ s: borrowing State) -> Bool {
    s.lifecycle.isOrdinary && s.transport.isPlain
  }

  /// - Returns: nil when nothing was received; the general functions then find out why.
  @inline(__always)
  private func receive(
    _ s: inout State, _ buffer: inout ReceiveBuffer, atMost limit: Int32
  ) -> Bytes? {
    if loop.isOneShot { s.registration.armed = [] }
    do throws(Errno) {
      let slice = try buffer.receive(from: s.transport.socket.reference, atMost: Int(limit))
      // FIN is received again.
      if slice.count == 0 { return nil }
      context.traffic.countReceive(Int(slice.count), isExclusive: !loop.isOneShot)
      s.deadlines.activity = .coarseNow
      s.deadlines.phase = .never
      return Bytes(slice)
    } catch {
      // An error is not: the kernel reports it once.
      noteFailure(TransportError(error), &s)
      return nil
    }
  }

  /// After a callback on a connection to which nothing else has happened.
  /// - Returns: false when something has, or may have.
  @inline(__always)
  private func endOrdinaryCallback() -> Bool {
    state.withLock { s in
      guard isOrdinary(s), !s.callbacks.missedWakeup, !s.callbacks.inputEndIsDue,
        !s.isAboveHighWater, isInterestSettled(s)
      else { return false }
      s.callbacks.isBusy = false
      return true
    }
  }

  /// Whether `updateInterest` would find nothing to do for a connection that can receive.
  @inline(__always)
  func isInterestSettled(_ s: borrowing State) -> Bool {
    s.registration.armed == .readable && s.isFlushed && !s.registration.isUnwatched
      && !loop.isOneShot
  }

  // MARK: Sending

  /// One send(2), when nothing waits before the bytes and nothing is to be sent together with them.
  @inline(__always)
  func transmit(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?
  ) throws(ConnectionError) -> Transmission {
    var outcome: SendOutcome?
    state.withLock { s in
      if s.flushIsDue, joins(buffer, prefix, delivery, &s) { return }
      var attempt: Result<Int, TransportError>?
      if s.lifecycle.isOpenForSending, s.transport.isPlain, s.backlog.isEmpty, prefix == nil,
        buffer.count > 0, isSentAtOnce(delivery)
      {
        do throws(Errno) {
          let sent = try s.transport.socket.reference.send(buffer, waiting: false)
          noteSent(sent, &s)
          if sent == buffer.count { return }
          attempt = .success(sent)
        } catch {
          attempt = .failure(TransportError(error))
        }
      }
      outcome = sendOrQueue(buffer, keeping: bytes, after: prefix, delivery, policy, attempt, &s)
    }
    guard let outcome else { return .taken }
    return try outcome.get(on: self)
  }

  /// A reply of so many bytes is copied when several leave together.
  static var longestJoined: Int { 512 }

  /// Adds a small reply to those that leave together.
  @inline(never)
  private func joins(
    _ buffer: UnsafeRawBufferPointer, _ prefix: Bytes?, _ delivery: Delivery, _ s: inout State
  ) -> Bool {
    guard prefix == nil, delivery == .send, buffer.count <= Self.longestJoined,
      coalescesReplies.load(ordering: .relaxed), s.lifecycle.isOpenForSending, !s.isAboveHighWater,
      s.backlog.byteCount + buffer.count <= context.options.highWaterMark
    else { return false }
    s.backlog.contents.pointee.outbox.append(copying: buffer)
    return true
  }

  @inline(__always)
  private func isSentAtOnce(_ delivery: Delivery) -> Bool {
    switch delivery {
    case .send: !coalescesReplies.load(ordering: .relaxed)
    case .write: true
    case .writeAtEndOfTurn: false
    }
  }
}
