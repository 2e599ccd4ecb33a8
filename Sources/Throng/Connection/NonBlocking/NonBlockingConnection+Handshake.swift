// The TLS handshake of a connection that is driven by readiness, and plaintext for which no event comes. The
// handler starts when the handshake is complete.

import LinuxSystem

extension NonBlockingConnection {
  func beginHandshake(_ s: inout State) {
    s.deadlines.phase = loop.now + context.handshake.timeout
    guard context.handshake.role == .client, let secure = s.transport.secure else { return }
    do throws(TransportError) {
      _ = try secure.handshake(
        with: UnsafeRawBufferPointer(start: nil, count: 0), on: s.transport.socket.reference)
    } catch {
      noteFailure(error, &s)
      loop.wake(s.registration.token)
    }
    updateInterest(&s)
  }

  /// - Returns: whether it is complete, so that `startHandler` is to be called.
  func continueHandshake(_ s: inout State, _ buffer: inout ReceiveBuffer) -> Bool {
    // It has failed, and the client is told why.
    if s.lifecycle.isLingering {
      discardInput(&s, &buffer)
      return false
    }
    guard s.lifecycle.failure == nil, let secure = s.transport.secure else { return false }
    if let rate = context.handshake.rate, !s.registration.hasReservation {
      s.registration.hasReservation = true
      let time = rate.reserve()
      if time > .now {
        postponeHandshake(&s, until: time)
        return false
      }
    }
    guard context.mayContinueHandshake() else { return false }
    do throws(TransportError) {
      guard try secure.handshake(on: s.transport.socket.reference, &buffer) else {
        updateInterest(&s)
        return false
      }
    } catch {
      noteFailure(error, &s)
      context.logFailedHandshake(of: self, s.lifecycle.failure, secure.failureDetail)
      return false
    }
    context.noteHandshake(isResumed: secure.isResumed)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = context.options.firstByteTimeout.map { loop.now + $0 } ?? .never
    handlerWillStart(&s)
    if context.isDraining { handleInputEvent(.drain(readable: s.transport.limitInput()), &s) }
    updateTimer(&s)
    return true
  }

  /// `handleWakeup` has the socket watched again.
  private func postponeHandshake(_ s: inout State, until time: MonotonicTime) {
    s.registration.isPostponed = true
    if !loop.isOneShot {
      s.registration.armed.remove(.readable)
      watch(&s, for: s.registration.armed)
    }
    s.deadlines.timer = min(time, s.deadlines.timer)
    loop.setTimer(s.registration.token, at: s.deadlines.timer)
  }

  /// A client that has not begun its handshake when the server drains is not waited for.
  func drainHandshake(_ s: inout State) {
    if s.transport.secure?.hasReceived != true, !s.transport.hasInput { s.lifecycle.handle(.close) }
  }

  /// Plaintext that is here already.
  func takePendingInput(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    guard s.lifecycle.handler == .running, !s.lifecycle.isLingering, inputLimit(s) != nil else {
      return
    }
    var buffer = ReceiveBuffer()
    takeInput(&s, .readable, &buffer, &resumptions)
    if s.callbacks.inputEndIsDue {
      s.callbacks.inputEndIsDue = false
      resumptions.besides.inputEnded = true
    }
  }
}
