// Receiving: a readWaiter waits, an event brings bytes, the readWaiter gets them.

import LinuxSystem
import SystemPackage

extension NonBlockingConnection {
  @inline(__always)
  func registerOrRefuse(_ readWaiter: ReadWaiter, _ deadline: MonotonicTime) {
    let refusal: Refusal? = state.withLock { s in
      if let failure = s.failure { return .failure(failure) }
      if s.inputEnded { return .end }
      if s.readWaiter != nil { return .failure(ConnectionError.alreadyReceiving) }
      if readWaiter.isCancellable, Task.isCancelled { return .failure(CancellationError()) }
      s.readWaiter = readWaiter
      // The receiving task has taken all messages that had arrived.
      coalescesReplies.store(false, ordering: .relaxed)
      beginReceiveTimer(&s, deadline)
      updateInterest(&s)
      return nil
    }
    switch refusal {
    case nil: break
    case .end: readWaiter.continuation.resume(returning: nil)
    case .failure(let error): readWaiter.continuation.resume(throwing: error)
    }
  }

  /// Why a receive does not wait.
  private enum Refusal {
    case end
    case failure(any Error)
  }

  func cancelReadWaiter(of task: UInt) {
    let readWaiter: ReadWaiter? = state.withLock { s in
      guard s.readWaiter?.task == task else { return nil }
      return s.readWaiter.take()
    }
    readWaiter?.continuation.resume(throwing: CancellationError())
  }

  // MARK: Events

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    var wake = DeferredResumptions()
    let isHeard = state.withLock { s in
      if loop.isOneShot { s.armed = [] }
      guard s.socket.isOpen, !s.isBusy else { return false }
      s.isBusy = context.isEventDriven
      if readiness != .readable, !s.outbox.isEmpty { flush(&s, &wake) }
      if readiness != .writable { takeInput(&s, readiness, &buffer, &wake) }
      if s.inputEndIsDue {
        s.inputEndIsDue = false
        wake.besides.inputEnded = true
      }
      if needsAdvance(s) { advance(&s, &wake) } else if loop.isOneShot { updateInterest(&s) }
      return true
    }
    guard isHeard else { return }
    wake.perform(on: self)
    if context.isEventDriven { endCallbacks() }
  }

  @inline(__always)
  private func takeInput(
    _ s: inout State, _ readiness: Readiness, _ buffer: inout ReceiveBuffer,
    _ wake: inout DeferredResumptions
  ) {
    if s.isLingering { return discardInput(&s, &buffer) }
    guard let limit = inputLimit(s) else { return pauseInput(&s, readiness) }
    do throws(Errno) {
      let slice = try buffer.receive(
        from: s.socket.reference, atMost: Int(min(limit, s.inputBudget)))
      if slice.count == 0 { return endInput(&s, peerClosed: true) }
      accept(slice, &s, &wake)
    } catch .resourceTemporarilyUnavailable {
    } catch {
      fail(&s, .lost(error))
    }
  }

  /// Bytes that the read waiter accepts; nil when no task waits for input.
  @inline(__always)
  func inputLimit(_ s: borrowing State) -> Int32? {
    if let readWaiter = s.readWaiter { return readWaiter.limit }
    if context.isEventDriven, !s.inputEnded, !s.isAboveHighWater {
      return Int32(ReceiveBuffer.chunkSize)
    }
    return nil
  }

  @inline(__always)
  private func accept(_ slice: ChunkSlice, _ s: inout State, _ wake: inout DeferredResumptions) {
    context.counters.countReceive(Int(slice.count), isExclusive: !loop.isOneShot)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = .never
    wake.readWaiter = s.readWaiter.take()
    wake.received = Bytes(slice)
    if s.inputBudget != .max {
      s.inputBudget -= Int32(slice.count)
      if s.inputBudget == 0 { endInput(&s) }
    }
  }

  func endInput(_ s: inout State, peerClosed: Bool = false) {
    s.peerClosed = s.peerClosed || peerClosed
    guard !s.inputEnded else { return }
    s.inputEnded = true
    s.inputEndIsDue = context.isEventDriven
  }

  /// No task waits for the input that epoll reports, and would report at each wait.
  private func pauseInput(_ s: inout State, _ readiness: Readiness) {
    if readiness.contains(.failed) {
      fail(&s, .lost(s.socket.takePendingError() ?? .connectionReset))
    } else if readiness.contains(.hangUp) {
      // Both directions are closed, and epoll reports that whatever the mask. In a pool two workers
      // may have such an event at once: the second deletion fails, which does no harm.
      s.peerClosed = true
      if s.socket.reference.readableCount == 0 { endInput(&s) }
      loop.epoll.delete(s.socket.descriptor)
      s.isUnwatched = true
    } else if !loop.isOneShot, s.armed.contains(.readable) {
      s.armed.remove(.readable)
      watch(&s, for: s.armed)
    }
  }

  /// After our FIN: what still comes is of no use, but closing on it would reset the connection.
  private func discardInput(_ s: inout State, _ buffer: inout ReceiveBuffer) {
    do throws(Errno) {
      let slice = try buffer.receive(from: s.socket.reference, atMost: ReceiveBuffer.chunkSize)
      if slice.count == 0 { s.peerClosed = true }
    } catch .resourceTemporarilyUnavailable {
    } catch {
      s.peerClosed = true
    }
  }

  // MARK: Interest

  /// Tells epoll what is wanted when that is more than it watches for; reading is disarmed only when
  /// an event comes while no task waits, so a request and its reply cost no epoll_ctl(2).
  func updateInterest(_ s: inout State) {
    guard s.socket.isOpen, !s.isBusy else { return }
    var wanted: Readiness = s.outbox.isEmpty || s.flushIsDue ? [] : .writable
    if inputLimit(s) != nil || s.isLingering { wanted.insert(.readable) }
    if s.isUnwatched { return watchAgain(&s, wanted) }
    if loop.isOneShot {
      guard !wanted.isSubset(of: s.armed) else { return }
      s.armed.insert(wanted)
      watch(&s, for: s.armed.union(.oneShot))
    } else {
      wanted.insert(s.armed.intersection(.readable))
      guard wanted != s.armed else { return }
      s.armed = wanted
      watch(&s, for: wanted)
    }
  }

  /// Without further events the connection would hang, so it is lost when epoll refuses. Callers are in
  /// the middle of a change: `handleWakeup` does what follows. Rare, and inlined it would cost each message
  /// that comes through here.
  @inline(never)
  private func watch(_ s: inout State, for interest: Readiness) {
    do throws(Errno) {
      try loop.epoll.modify(s.socket.descriptor, interest, s.token)
    } catch {
      fail(&s, .lost(error))
      s.socket.setResetOnClose()
      if s.isRegistered { loop.wake(s.token) }
    }
  }

  /// A task receives what is left of a connection that both sides have closed.
  private func watchAgain(_ s: inout State, _ wanted: Readiness) {
    guard !wanted.isEmpty else { return }
    do throws(Errno) {
      try loop.epoll.add(
        s.socket.descriptor, loop.isOneShot ? wanted.union(.oneShot) : wanted, s.token)
      s.armed = wanted
      s.isUnwatched = false
    } catch {
      fail(&s, .lost(error))
    }
  }
}
