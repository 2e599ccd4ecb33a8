// The time limits of a connection under thread-per-client. On the loop's thread, under the connection's
// lock: the loop has one timer for each connection, and its threads only note when they did something.

import LinuxSystem

extension BlockingConnection {
  func checkDeadlines(_ s: inout State, _ now: MonotonicTime) {
    var situation = situation(s)
    if s.deadlines.timerIsDue(situation, context.timeLimits, s.progress, now) {
      timerBecameDue(&s)
      return updateTimer(&s)
    }
    situation.isReceiving = false
    guard
      let limit = s.deadlines.passed(
        situation, context.timeLimits, &s.progress, on: s.transport.socket.reference, now: now)
    else { return updateTimer(&s) }
    switch limit {
    case .linger:
      s.lifecycle.handle(.timedOut(.linger))
      s.transport.socket.shutdownBoth()
    case .idle, .firstByte:
      if s.isReceiving, mayHoldInput(&s, limit, now) { return }
      fail(&s, .timedOut(limit))
    default: fail(&s, .timedOut(limit))
    }
  }

  /// The connection's thread may have come out of recv(2) with input and wait for the processor or for
  /// the lock, for long when the machine is busy or the process stood still. The kernel's count of bytes
  /// shows that. A difference that stays postpones once: urgent data is counted and never delivered.
  private func mayHoldInput(
    _ s: inout State, _ limit: ConnectionError.TimeLimit, _ now: MonotonicTime
  ) -> Bool {
    guard let arrived = s.transport.socket.reference.arrivedCount, arrived >= s.receivedCount else {
      return isFirstLook(&s, now)
    }
    guard arrived > s.receivedCount, arrived != s.arrivedWhenPostponed else { return false }
    s.arrivedWhenPostponed = arrived
    s.deadlines.postpone(limit, context.timeLimits, now)
    updateTimer(&s)
    return true
  }

  /// Where the kernel does not count, silence is looked at twice, the longer apart the later the first
  /// look was.
  private func isFirstLook(_ s: inout State, _ now: MonotonicTime) -> Bool {
    if s.silentSince != s.deadlines.activity {
      s.silentSince = s.deadlines.activity
      let limits = context.timeLimits
      let deadline = s.deadlines.earliest(situation(s), limits, s.progress).time
      let delay = now.nanoseconds - min(deadline.nanoseconds, now.nanoseconds)
      s.silenceEnds = now.advanced(
        by: min(max(delay, Self.shortestSecondLook), Self.longestSecondLook, limits.idle))
    }
    guard now < s.silenceEnds else { return false }
    s.deadlines.timer = s.silenceEnds
    loop.setTimer(s.token, at: s.deadlines.timer)
    return true
  }

  private static let shortestSecondLook: UInt64 = 100_000_000
  private static let longestSecondLook: UInt64 = 1_000_000_000

  private func situation(_ s: borrowing State) -> Deadlines.Situation {
    // A receive has its own way to end in time, see `receivePolling`: what counts is an event handler's timer.
    Deadlines.Situation(
      isLingering: s.lifecycle.isLingering, isStarting: s.lifecycle.handler == .notStarted,
      isReceiving: s.lifecycle.letsTimersFire, isSending: !s.isFlushed,
      isClosing: s.lifecycle.isClosing,
      wantsInput: s.lifecycle.isLingering || s.isReceiving)
  }

  func updateTimer(_ s: inout State) {
    let time = min(
      s.deadlines.earliest(situation(s), context.timeLimits, s.progress).time, s.retryAt)
    guard time < s.deadlines.timer, s.isRegistered else { return }
    guard loop.isWithinReach else { return loop.wake(s.token) }
    s.deadlines.timer = time
    loop.setTimer(s.token, at: s.deadlines.timer)
  }
}
