// Time limits of a connection that is driven by readiness: see `Deadlines`.

import LinuxSystem

extension NonBlockingConnection {
  func beginReceiveTimer(_ s: inout State, _ deadline: MonotonicTime) {
    var deadline = deadline
    if let limit = context.options.receiveTimeout { deadline = min(deadline, .now + limit) }
    guard deadline != s.deadlines.receive else { return }
    s.deadlines.receive = deadline
    updateTimer(&s)
  }

  private func situation(_ s: borrowing State) -> Deadlines.Situation {
    Deadlines.Situation(
      isLingering: s.isLingering, isReceiving: s.readWaiter != nil, isSending: !s.outbox.isEmpty,
      isClosing: s.isClosing, wantsInput: s.isLingering || inputLimit(s) != nil)
  }

  /// Makes sure that the timer fires no later than the next deadline.
  func updateTimer(_ s: inout State) {
    let time = s.deadlines.earliest(situation(s), context.timeLimits).time
    guard time < s.deadlines.timer, s.isRegistered else { return }
    // From elsewhere `handleWakeup` does this.
    guard loop.isWithinReach else { return loop.wake(s.token) }
    s.deadlines.timer = time
    loop.setTimer(s.token, at: time)
  }

  func handleWakeup(now: MonotonicTime) {
    var wake = DeferredResumptions()
    let isBusy = state.withLock { s in
      if s.isBusy {
        s.missedWakeup = true
        return false
      }
      look(&s, now, &wake)
      // Another worker must not call back meanwhile.
      s.isBusy = wake.callsBack && context.isEventDriven
      return s.isBusy
    }
    wake.perform(on: self)
    if isBusy { endCallbacks() }
  }

  private func look(_ s: inout State, _ now: MonotonicTime, _ wake: inout DeferredResumptions) {
    let timerHasFired = s.deadlines.timer <= now
    if timerHasFired { s.deadlines.timer = .never }
    if s.flushIsDue {
      s.flushIsDue = false
      if !s.outbox.isEmpty, s.socket.isOpen { flush(&s, &wake) }
      // Which was all that this was about, unless there is more to see.
      if s.outbox.isEmpty, !timerHasFired, !needsAdvance(s) { return }
    }
    resumeWriteWaiters(&s, &wake)
    if s.socket.isOpen { checkDeadlines(&s, now, &wake) } else { deregister(&s) }
    advance(&s, &wake)
  }

  private func checkDeadlines(
    _ s: inout State, _ now: MonotonicTime, _ wake: inout DeferredResumptions
  ) {
    let limit = s.deadlines.passed(
      situation(s), context.timeLimits, on: s.socket.reference, now: now)
    switch limit {
    case nil: updateTimer(&s)
    case .linger: s.peerClosed = true
    case .receive:
      // The handler decides what a late client means: only its receive fails.
      wake.readWaiter = s.readWaiter.take()
      wake.besides.readFailure = .timedOut(.receive)
      s.deadlines.receive = .never
    case let limit?: fail(&s, .timedOut(limit))
    }
  }
}
