// The callbacks of an event handler under thread-per-client. The connection's thread makes them; its timer's are
// made by a second thread, started when the timer first fires, because nothing wakes the first one out of recv(2)
// without ending the input. The two take turns: the first has the turn while it runs callbacks, and gives
// it up while it waits.

import LinuxSystem

/// Held under the lock of the connection.
struct EventTurn {
  /// The connection's thread has the turn.
  var isTaken = false
  /// The timer's time has come, and its callback has not begun.
  var isDue = false
  /// The timer's callback runs.
  var isFiring = false
  /// A thread runs the timer's callback, or will.
  var hasThread = false
}

extension BlockingConnection {
  // MARK: The connection's thread

  func takeTurn() {
    state.wait { s -> Void? in
      if s.turn.isFiring { return nil }
      s.turn.isTaken = true
      return ()
    }
  }

  /// What the event handler is to be given next; nil at the end. Gives the turn up while it waits.
  func nextInput(_ handler: any EventCallbacks) -> Bytes? {
    while mustDrainFirst() {
      flushWaiting()
      takeTurn()
      handler.writable(self)
    }
    let bytes = try? receiveWaiting(ReceiveBuffer.chunkSize)
    takeTurn()
    return bytes
  }

  /// Waits while the event handler has paused the input.
  /// - Returns: whether the outbox is above its high-water mark.
  private func mustDrainFirst() -> Bool {
    state.wait { s -> Bool? in
      giveTurnUp(&s)
      if s.outbox.byteCount > context.options.highWaterMark, s.transport.isOpen,
        s.lifecycle.failure == nil
      {
        return true
      }
      return s.isPaused && s.lifecycle.failure == nil && s.lifecycle.canReceive ? nil : false
    }
  }

  /// After the end of the input.
  func waitUntilClosing() {
    state.wait { s -> Void? in
      giveTurnUp(&s)
      return s.lifecycle.isClosing || s.lifecycle.failure != nil ? () : nil
    }
    takeTurn()
  }

  private func giveTurnUp(_ s: inout State) {
    s.turn.isTaken = false
    if s.turn.isDue { state.wakeAll() }
  }

  // MARK: The timer

  func setEventTimer(at time: MonotonicTime) {
    withState { s in
      guard context.isEventDriven else { return }
      s.turn.isDue = false
      s.deadlines.receive = time
      updateTimer(&s)
    }
  }

  /// On the loop's thread.
  func timerBecameDue(_ s: inout State) {
    s.deadlines.receive = .never
    s.turn.isDue = true
    if s.turn.hasThread { return state.wakeAll() }
    s.turn.hasThread = true
    executor.perform { [self] in
      while takeTimersTurn() { context.callbacks?.timerFired(on: self) }
    }
  }

  /// - Returns: false when no timer is due any more.
  private func takeTimersTurn() -> Bool {
    executor.blocking {
      state.wait { s -> Bool? in
        if s.turn.isFiring {
          s.turn.isFiring = false
          state.wakeAll()
        }
        guard s.turn.isDue, s.lifecycle.letsTimersFire else {
          s.turn.hasThread = false
          return false
        }
        if s.turn.isTaken { return nil }
        s.turn.isDue = false
        s.turn.isFiring = true
        return true
      }
    }
  }
}
