// Receiving: a readWaiter waits, an event brings bytes, the readWaiter gets them.

import LinuxSystem
import SystemPackage

extension NonBlockingConnection {
  @inline(__always)
  func receive(_ readWaiter: ReadWaiter, isCancellable: Bool, deadline: MonotonicTime) {
    let refusal: Refusal? = state.withLock { s in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      if !s.lifecycle.canReceive {
        return s.lifecycle.inputFailure.map { .failure($0) } ?? .end
      }
      if s.readWaiter != nil { return .failure(ConnectionError.alreadyReceiving) }
      if isCancellable, Task.isCancelled { return .failure(CancellationError()) }
      s.readWaiter = readWaiter
      // The receiving task has taken all messages that had arrived.
      coalescesReplies.store(false, ordering: .relaxed)
      if !beginReceiveTimer(&s, deadline) {
        s.readWaiter = nil
        return .failure(ConnectionError.timedOut(.receive))
      }
      if !isInterestSettled(s) { updateInterest(&s) }
      if s.transport.hasPendingInput { loop.wake(s.registration.token) }
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

  func cancelReceive(of task: UInt) {
    let readWaiter: ReadWaiter? = state.withLock { s in
      guard s.readWaiter?.task == task else { return nil }
      return s.readWaiter.take()
    }
    readWaiter?.continuation.resume(throwing: CancellationError())
  }

  // MARK: Events

  @inline(never)
  func handleAnyEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    var resumptions = DeferredResumptions()
    var starts = false
    let isHeard = state.withLock { s in
      if loop.isOneShot { s.registration.armed = [] }
      guard s.transport.isOpen, !s.callbacks.isBusy else { return false }
      s.callbacks.isBusy = context.isEventDriven
      if readiness != .readable, !s.isFlushed { flush(&s, &resumptions) }
      if s.lifecycle.handler == .notStarted {
        starts = readiness != .writable && continueHandshake(&s, &buffer)
      } else if readiness != .writable {
        takeInput(&s, readiness, &buffer, &resumptions)
      }
      if s.callbacks.inputEndIsDue {
        s.callbacks.inputEndIsDue = false
        resumptions.besides.inputEnded = true
      }
      if !s.lifecycle.isOrdinary {
        advance(&s, &resumptions)
      } else if loop.isOneShot {
        updateInterest(&s)
      }
      return true
    }
    guard isHeard else { return }
    resumptions.perform(on: self)
    if starts { return startHandler() }
    if context.isEventDriven { endCallbacks() }
  }

  @inline(__always)
  func takeInput(
    _ s: inout State, _ readiness: Readiness, _ buffer: inout ReceiveBuffer,
    _ resumptions: inout DeferredResumptions
  ) {
    if s.lifecycle.isLingering { return discardInput(&s, &buffer) }
    guard let limit = inputLimit(s) else {
      return pauseInput(&s, readiness, &buffer, &resumptions)
    }
    do throws(TransportError) {
      let slice = try s.transport.receive(
        into: &buffer, atMost: Int(min(limit, s.lifecycle.inputBudget)))
      if slice.count == 0 { return handleInputEvent(s.transport.inputEnd, &s) }
      accept(slice, &s, &resumptions)
    } catch {
      noteFailure(error, &s)
    }
    if s.transport.hasUnsent { updateInterest(&s) }
  }

  /// Bytes that the read waiter accepts; nil when no task waits for input.
  @inline(__always)
  func inputLimit(_ s: borrowing State) -> Int32? {
    if let readWaiter = s.readWaiter { return readWaiter.limit }
    if context.isEventDriven, s.lifecycle.canReceive, !s.isAboveHighWater, !s.isPaused {
      return Int32(ReceiveBuffer.chunkSize)
    }
    return nil
  }

  @inline(__always)
  private func accept(
    _ slice: ChunkSlice, _ s: inout State, _ resumptions: inout DeferredResumptions
  ) {
    context.traffic.countReceive(Int(slice.count), isExclusive: !loop.isOneShot)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = .never
    resumptions.readWaiter = s.readWaiter.take()
    resumptions.received = Bytes(slice)
    if loop.isOneShot, context.options.cancelsOnClose { watchForClose(&s) }
    if s.lifecycle.input == .draining { handleInputEvent(.received(Int(slice.count)), &s) }
  }

  /// No task waits for the input that epoll reports, and would report at each wait.
  private func pauseInput(
    _ s: inout State, _ readiness: Readiness, _ buffer: inout ReceiveBuffer,
    _ resumptions: inout DeferredResumptions
  ) {
    if context.options.cancelsOnClose, !readiness.contains(.failed),
      !noticeClose(&s, &buffer, &resumptions)
    {
      return
    }
    if readiness.contains(.failed) {
      fail(&s, .lost(s.transport.socket.takePendingError() ?? .connectionReset))
    } else if readiness.contains(.hangUp) {
      // Both directions are closed, and epoll reports that whatever the mask. In a pool two workers
      // may have such an event at once: the second deletion fails, which does no harm.
      if !s.transport.hasInput || !s.lifecycle.canReceive {
        handleInputEvent(.peerFin, &s)
      }
      loop.epoll.delete(s.transport.descriptor)
      s.registration.isUnwatched = true
    } else if !loop.isOneShot, s.registration.armed.contains(.readable) {
      s.registration.armed.remove(.readable)
      watch(&s, for: s.registration.armed)
    }
  }

  /// After our FIN: what still comes is of no use, but closing on it would reset the connection.
  func discardInput(_ s: inout State, _ buffer: inout ReceiveBuffer) {
    do throws(Errno) {
      if try !s.transport.discardInput(&buffer) { s.lifecycle.handle(.peerFin) }
    } catch .resourceTemporarilyUnavailable {
    } catch {
      s.lifecycle.handle(.peerFin)
    }
  }

  // MARK: Interest

  /// Tells epoll what is wanted when that is more than it watches for; reading is disarmed only when
  /// an event comes while no task waits, so a request and its reply cost no epoll_ctl(2).
  func updateInterest(_ s: inout State) {
    guard s.transport.isOpen, !s.callbacks.isBusy else { return }
    var wanted: Readiness = s.backlog.isEmpty || s.flushIsDue ? [] : .writable
    if s.transport.hasUnsent { wanted.insert(.writable) }
    let isStarting = s.lifecycle.handler == .notStarted && !s.registration.isPostponed
    if inputLimit(s) != nil || s.lifecycle.isLingering || isStarting {
      wanted.insert(.readable)
    }
    if s.registration.isUnwatched { return watchAgain(&s, wanted) }
    if loop.isOneShot {
      guard !wanted.isSubset(of: s.registration.armed) else { return }
      s.registration.armed.insert(wanted)
      watch(&s, for: s.registration.armed.union(.oneShot))
    } else {
      wanted.insert(s.registration.armed.intersection(.readable))
      guard wanted != s.registration.armed else { return }
      s.registration.armed = wanted
      watch(&s, for: wanted)
    }
  }

  /// Without further events the connection would hang, so it is lost when epoll refuses. Callers are in
  /// the middle of a change: `handleWakeup` does what follows. Rare, and inlined it would cost each message
  /// that comes through here.
  @inline(never)
  func watch(_ s: inout State, for interest: Readiness) {
    do throws(Errno) {
      try loop.epoll.modify(s.transport.descriptor, interest, s.registration.token)
    } catch {
      fail(&s, .lost(error))
      if s.registration.isActive { loop.wake(s.registration.token) }
    }
  }

  /// A task waits for the end, which epoll reports whatever the mask; but not of a descriptor that it has
  /// disarmed after an event.
  func watchForEnd(_ s: inout State) {
    guard loop.isOneShot, s.registration.armed.isEmpty, !s.registration.isUnwatched else { return }
    watch(&s, for: .oneShot)
  }

  /// A task receives what is left of a connection that both sides have closed.
  private func watchAgain(_ s: inout State, _ wanted: Readiness) {
    guard !wanted.isEmpty else { return }
    do throws(Errno) {
      try loop.epoll.add(
        s.transport.descriptor, loop.isOneShot ? wanted.union(.oneShot) : wanted,
        s.registration.token)
      s.registration.armed = wanted
      s.registration.isUnwatched = false
    } catch {
      fail(&s, .lost(error))
    }
  }
}
