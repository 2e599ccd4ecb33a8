// The client's FIN while no task receives: `ConnectionOptions.cancelsOnClose`. An event comes for it because
// the descriptor stays armed for input; one that has come for bytes that no task wants yet disarms it until they
// are received, and FIN is seen then.

import LinuxSystem

extension NonBlockingConnection {
  /// - Returns: whether the input is to be left alone until a task receives: it has ended, or bytes wait.
  func noticeClose(
    _ s: inout State, _ buffer: inout ReceiveBuffer, _ resumptions: inout DeferredResumptions
  ) -> Bool {
    guard !context.isEventDriven, !context.isOpenedByTask, s.lifecycle.canReceive,
      s.lifecycle.handler == .running, !coalescesReplies.load(ordering: .relaxed)
    else { return true }
    guard let task = handlersTask(s) else {
      // In a pool, neither the task nor the thread that starts it has noted it yet: soon one will have.
      if loop.isOneShot { watchForClose(&s) }
      return false
    }
    do throws(TransportError) {
      switch try s.transport.lookAhead(&buffer) {
      case .nothing:
        if loop.isOneShot { watchForClose(&s) }
        return false
      case .bytes: return true
      case .end: handleInputEvent(.peerFin, &s)
      }
    } catch {
      noteFailure(error, &s)
    }
    if s.lifecycle.peerHasEnded { resumptions.besides.cancelledTask = task }
    return true
  }

  /// Has the next input, or the client's FIN, reported although no task receives.
  func watchForClose(_ s: inout State) {
    guard s.transport.isOpen, s.lifecycle.canReceive, !s.registration.isUnwatched,
      !s.registration.armed.contains(.readable)
    else { return }
    s.registration.armed.insert(.readable)
    watch(&s, for: loop.isOneShot ? s.registration.armed.union(.oneShot) : s.registration.armed)
  }
}
