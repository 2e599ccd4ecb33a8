// The one timer that an event handler has for each connection. It lives in `Deadlines.receive`, which only tasks
// use otherwise, and fires by way of the connection's one timer in its loop. Any thread.

import LinuxSystem

extension Connection {
  /// Has ``EventHandler/timerFired(on:)`` called once, when `delay` has passed: never before, and at the loop's
  /// next turn after it. A connection has one timer: setting it again replaces it, and costs no timer operation
  /// as long as it is moved later, so that each message may do so.
  ///
  /// The call comes between the other callbacks, like these from a thread of the model. It does not come once
  /// the connection is being closed, by either side or by a time limit. The timer does not count as activity:
  /// ``ConnectionOptions/idleTimeout`` passes as it does without it. Under thread-per-client, a connection whose
  /// timer has fired has a second thread from then on, because the first one blocks in recv(2).
  ///
  /// Call it in a callback, or from any thread. From outside of the callbacks, a call that is about to be made
  /// may still come. A ``Handler`` has ``receive(atMost:within:)`` and ``withReceiveTimeout(_:_:)`` instead, and
  /// this does nothing to it; a task that receives from an event handler's connection takes the timer's place.
  /// - Parameter delay: zero or less: as soon as no callback runs.
  public final func setTimer(after delay: Duration) { kind.setEventTimer(at: .now + delay) }

  /// Cancels the timer, if it has not fired yet. Any thread.
  public final func cancelTimer() { kind.setEventTimer(at: .never) }
}

extension Lifecycle {
  /// Whether a timer of the event handler may fire: it has been told of the client, and nothing has begun to
  /// close the connection.
  var letsTimersFire: Bool { handler == .running && !isClosing && !hasFailed }
}

extension Deadlines {
  /// Whether the event handler's timer has come, before any limit.
  func timerIsDue(
    _ situation: Situation, _ limits: TimeLimits, _ progress: SendProgress, _ now: MonotonicTime
  ) -> Bool {
    receive <= now && earliest(situation, limits, progress).limit == .receive
  }
}

extension NonBlockingConnection {
  func setEventTimer(at time: MonotonicTime) {
    state.withLock { s in
      guard context.isEventDriven, s.transport.isOpen else { return }
      s.deadlines.receive = time
      updateTimer(&s)
    }
  }

  /// - Returns: whether it fires. Where another callback comes first, which may cancel it, it waits for the next
  ///   turn.
  func fireTimer(
    _ situation: Deadlines.Situation, _ s: inout State, _ now: MonotonicTime,
    _ resumptions: inout DeferredResumptions
  ) -> Bool {
    guard s.deadlines.timerIsDue(situation, context.timeLimits, s.backlog.progress, now),
      !resumptions.callsBack
    else { return false }
    s.deadlines.receive = .never
    resumptions.besides.timerFired = true
    return true
  }
}
