// When an event handler's callbacks run: one at a time, on a thread of the loop. What happens while one runs
// is noted in `CallbackTurn` and done afterwards.

import LinuxSystem

extension NonBlockingConnection {
  /// After an event handler's callbacks: what has waited for their end goes on.
  func endCallbacks() {
    var resumptions = DeferredResumptions()
    let mustReport = state.withLock { s in
      s.callbacks.isBusy = false
      if s.callbacks.missedWakeup {
        s.callbacks.missedWakeup = false
        loop.wake(s.registration.token)
      }
      if s.lifecycle.isOrdinary { updateInterest(&s) } else { advance(&s, &resumptions) }
      if s.transport.hasPendingInput, inputLimit(s) != nil { loop.wake(s.registration.token) }
      return s.callbacks.inputEndIsDue
    }
    resumptions.perform(on: self)
    if mustReport { reportInputEnd() }
  }

  /// For events that may end the input: the event handler is to be told, once.
  func handleInputEvent(_ event: Lifecycle.Event, _ s: inout State) {
    let couldReceive = s.lifecycle.canReceive
    s.lifecycle.handle(event)
    if couldReceive, !s.lifecycle.canReceive { s.callbacks.inputEndIsDue = context.isEventDriven }
  }

  /// Tells the event handler of an end that no event has brought. On a thread of the loop.
  func reportInputEnd() {
    var resumptions = DeferredResumptions()
    let isMine = state.withLock { s in
      guard s.callbacks.inputEndIsDue, !s.callbacks.isBusy, s.transport.isOpen else { return false }
      s.callbacks.inputEndIsDue = false
      s.callbacks.isBusy = true
      resumptions.besides.inputEnded = true
      return true
    }
    guard isMine else { return }
    resumptions.perform(on: self)
    endCallbacks()
  }
}
