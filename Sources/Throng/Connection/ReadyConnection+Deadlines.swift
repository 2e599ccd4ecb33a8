// Time limits: one timer for a connection, set to the earliest of its deadlines and never moved later.
// When it fires too early, because there was activity since, it is set again; so a message costs a
// store, no timer operation.

extension ReadyConnection {
  @inline(__always)
  func noteActivity(_ s: inout State) {
    s.times.activity = driver.now
  }

  func beginReceiveTimer(_ s: inout State, _ deadline: MonotonicTime) {
    var deadline = deadline
    if let limit = context.options.receiveTimeout { deadline = min(deadline, driver.now + limit) }
    guard deadline != s.times.receiveDeadline else { return }
    s.times.receiveDeadline = deadline
    updateTimer(&s)
  }

  /// The earliest moment at which a limit of the connection passes.
  private func nextDeadline(_ s: borrowing State) -> (MonotonicTime, ConnectionError.TimeLimit) {
    if s.isLingering { return (s.times.lingerDeadline, .idle) }
    let options = context.options
    var earliest = (MonotonicTime.never, ConnectionError.TimeLimit.idle)
    func consider(_ deadline: MonotonicTime, _ limit: ConnectionError.TimeLimit) {
      if deadline < earliest.0 { earliest = (deadline, limit) }
    }
    if let idle = options.idleTimeout { consider(s.times.activity + idle, .idle) }
    if let firstByte = options.firstByteTimeout, !s.times.receivedAny {
      consider(s.times.opened + firstByte, .firstByte)
    }
    if s.reader != nil { consider(s.times.receiveDeadline, .receive) }
    if let sending = options.sendTimeout, !s.outbox.isEmpty {
      consider(s.times.sendProgress + sending, .send)
    }
    return earliest
  }

  /// Makes sure that the timer fires no later than the next deadline.
  func updateTimer(_ s: inout State) {
    let deadline = nextDeadline(s).0
    guard deadline < s.timerAt, s.hasSlot else { return }
    // The timers belong to the driver: from elsewhere `attend` does this.
    guard driver.isCurrent else { return driver.poke(s.token) }
    s.timerAt = deadline
    driver.setTimer(s.token, at: deadline)
  }

  func attend(now: MonotonicTime) {
    var wake = Wake()
    state.withLock { s in
      if !s.socket.isOpen { releaseSlot(&s) } else { checkDeadlines(&s, now, &wake) }
      advance(&s, &wake)
    }
    wake.perform(on: self)
  }

  private func checkDeadlines(_ s: inout State, _ now: MonotonicTime, _ wake: inout Wake) {
    if s.timerAt <= now { s.timerAt = .never }
    let (deadline, limit) = nextDeadline(s)
    guard deadline <= now else { return updateTimer(&s) }
    if s.isLingering {
      s.peerClosed = true
    } else if limit == .receive {
      // The handler decides what a late client means: only its receive fails.
      wake.reader = s.reader.take()
      wake.readerFailure = .timedOut(.receive)
      s.times.receiveDeadline = .never
    } else {
      fail(&s, .timedOut(limit))
      beginClose(&s)
    }
  }
}
