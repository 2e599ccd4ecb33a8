// Time limits of a connection that is driven by readiness: see `Deadlines`.

import LinuxSystem

extension NonBlockingConnection {
  /// - Returns: false when the time of `withReceiveTimeout` is over.
  @inline(__always)
  func beginReceiveTimer(_ s: inout State, _ deadline: MonotonicTime) -> Bool {
    var deadline = deadline
    if let limit = context.options.receiveTimeout { deadline = min(deadline, .now + limit) }
    return s.deadlines.endsReceive(at: deadline) || changeReceiveTimer(&s, deadline)
  }

  @inline(never)
  private func changeReceiveTimer(_ s: inout State, _ deadline: MonotonicTime) -> Bool {
    let limit = heldReceiveDeadline
    if limit < deadline, limit <= .now { return false }
    s.deadlines.receive = min(deadline, limit)
    updateTimer(&s)
    return true
  }

  /// Under the lock.
  var heldReceiveDeadline: MonotonicTime { (eventState as? ReceiveDeadline)?.time ?? .never }

  private func situation(_ s: borrowing State) -> Deadlines.Situation {
    Deadlines.Situation(
      isLingering: s.lifecycle.isLingering, isStarting: s.lifecycle.handler == .notStarted,
      isReceiving: s.readWaiter != nil || context.isEventDriven && s.lifecycle.letsTimersFire,
      isSending: !s.isFlushed, isClosing: s.lifecycle.isClosing,
      wantsInput: s.lifecycle.isLingering || inputLimit(s) != nil)
  }

  /// Makes sure that the timer fires no later than the next deadline.
  func updateTimer(_ s: inout State) {
    let time = s.deadlines.earliest(situation(s), context.timeLimits, s.backlog.progress).time
    guard time < s.deadlines.timer, s.registration.isActive else { return }
    // From elsewhere `handleWakeup` does this.
    guard loop.isWithinReach else { return loop.wake(s.registration.token) }
    s.deadlines.timer = time
    loop.setTimer(s.registration.token, at: time)
  }

  func handleWakeup(now: MonotonicTime) {
    var resumptions = DeferredResumptions()
    let isBusy = state.withLock { s in
      if s.callbacks.isBusy {
        s.callbacks.missedWakeup = true
        return false
      }
      look(&s, now, &resumptions)
      // Another worker must not call back meanwhile.
      s.callbacks.isBusy = resumptions.callsBack && context.isEventDriven
      return s.callbacks.isBusy
    }
    resumptions.perform(on: self)
    if isBusy { endCallbacks() }
  }

  private func look(
    _ s: inout State, _ now: MonotonicTime, _ resumptions: inout DeferredResumptions
  ) {
    let timerHasFired = s.deadlines.timer <= now
    if timerHasFired { s.deadlines.timer = .never }
    s.registration.isPostponed = false
    if s.flushIsDue {
      s.flushIsDue = false
      if !s.backlog.isEmpty, s.transport.isOpen { flush(&s, &resumptions) }
      // Which was all that this was about, unless there is more to see.
      if s.backlog.isEmpty, !timerHasFired, s.lifecycle.isOrdinary { return }
    }
    resumeWriteWaiters(&s, &resumptions)
    if s.transport.hasPendingInput, s.transport.isOpen { takePendingInput(&s, &resumptions) }
    if s.transport.isOpen {
      checkDeadlines(&s, now, &resumptions)
    } else {
      deregisterIfUnused(&s)
    }
    advance(&s, &resumptions)
  }

  private func checkDeadlines(
    _ s: inout State, _ now: MonotonicTime, _ resumptions: inout DeferredResumptions
  ) {
    var situation = situation(s)
    if context.isEventDriven, s.readWaiter == nil {
      if fireTimer(situation, &s, now, &resumptions) { return }
      situation.isReceiving = false
    }
    let limit = s.deadlines.passed(
      situation, context.timeLimits, &s.backlog.progress, on: s.transport.socket.reference,
      now: now)
    switch limit {
    case nil: updateTimer(&s)
    case .linger: s.lifecycle.handle(.timedOut(.linger))
    case .receive:
      // The handler decides what a late client means: only its receive fails.
      resumptions.readWaiter = s.readWaiter.take()
      resumptions.besides.readFailure = .timedOut(.receive)
      s.deadlines.receive = .unset
    case let limit?: fail(&s, .timedOut(limit))
    }
  }
}

/// The time of ``Connection/withReceiveTimeout(_:_:)``, apart from the connection, because few have one.
final class ReceiveDeadline {
  let time: MonotonicTime
  init(_ time: MonotonicTime) { self.time = time }
}
