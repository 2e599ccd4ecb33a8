// Time limits of a connection that is driven by readiness: see `Deadlines`.

extension ReadyConnection {
  func beginReceiveTimer(_ s: inout State, _ deadline: MonotonicTime) {
    var deadline = deadline
    if let limit = context.options.receiveTimeout { deadline = min(deadline, .now + limit) }
    guard deadline != s.deadlines.receive else { return }
    s.deadlines.receive = deadline
    updateTimer(&s)
  }

  private func situation(_ s: borrowing State) -> Deadlines.Situation {
    Deadlines.Situation(
      isLingering: s.isLingering, isReceiving: s.receiver != nil, isSending: !s.outbox.isEmpty,
      isClosing: s.isClosing, wantsInput: s.isLingering || inputLimit(s) != nil)
  }

  /// Makes sure that the timer fires no later than the next deadline.
  func updateTimer(_ s: inout State) {
    let time = s.deadlines.earliest(situation(s), context.timeLimits).time
    guard time < s.deadlines.timer, s.hasSlot else { return }
    // From elsewhere `attend` does this.
    guard driver.isWithinReach else { return driver.poke(s.token) }
    s.deadlines.timer = time
    driver.setTimer(s.token, at: time)
  }

  func attend(now: MonotonicTime) {
    var wake = Wake()
    let isBusy = state.withLock { s in
      if s.isBusy {
        s.missedAttention = true
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

  private func look(_ s: inout State, _ now: MonotonicTime, _ wake: inout Wake) {
    let timerHasFired = s.deadlines.timer <= now
    if timerHasFired { s.deadlines.timer = .never }
    if s.flushIsDue {
      s.flushIsDue = false
      if !s.outbox.isEmpty, s.socket.isOpen { flush(&s, &wake) }
      // Which was all that this was about, unless there is more to see.
      if s.outbox.isEmpty, !timerHasFired, !needsAdvance(s) { return }
    }
    wakeSenders(&s, &wake)
    if s.socket.isOpen { checkDeadlines(&s, now, &wake) } else { releaseSlot(&s) }
    advance(&s, &wake)
  }

  private func checkDeadlines(_ s: inout State, _ now: MonotonicTime, _ wake: inout Wake) {
    let limit = s.deadlines.passed(
      situation(s), context.timeLimits, on: s.socket.reference, now: now)
    switch limit {
    case nil: updateTimer(&s)
    case .linger: s.peerClosed = true
    case .receive:
      // The handler decides what a late client means: only its receive fails.
      wake.receiver = s.receiver.take()
      wake.besides.receiverFailure = .timedOut(.receive)
      s.deadlines.receive = .never
    case let limit?: fail(&s, .timedOut(limit))
    }
  }
}
