// The TLS handshake on a connection's own thread, before the handler. The loop's timer ends it when it takes
// too long.

import LinuxSystem
import SystemPackage

extension BlockingConnection {
  /// - Returns: whether the handler may start.
  func performHandshake() -> Bool {
    awaitHandshakeRate()
    while true {
      let source: Source? = withState { s in
        if s.transport.isEstablished {
          handlerStarts(&s)
          return nil
        }
        guard s.lifecycle.failure == nil, s.lifecycle.canReceive else { return nil }
        s.isReceiving = true
        s.users += 1
        return Source(socket: s.transport.socket.reference, limit: 0, isSecure: true)
      }
      guard let source else { return state.withLock { $0.lifecycle.handler == .running } }
      let result = executor.blocking { () -> Result<UnsafeRawBufferPointer, Errno> in
        do throws(Errno) {
          return .success(try receiveCiphertext(source, true))
        } catch {
          return .failure(error)
        }
      }
      withState { s in
        s.isReceiving = false
        s.users -= 1
        continueHandshake(result, &s)
        closeIfUnused(&s)
      }
    }
  }

  private func awaitHandshakeRate() {
    guard let rate = context.handshake.rate, state.withLock({ !$0.transport.isEstablished }) else {
      return
    }
    let time = rate.reserve()
    guard time > .now else { return }
    executor.blocking {
      _ = state.wait(until: time) { s in
        s.lifecycle.mustClose || s.lifecycle.isClosing ? () : nil
      }
    }
  }

  private func continueHandshake(
    _ result: Result<UnsafeRawBufferPointer, Errno>, _ s: inout State
  ) {
    guard s.lifecycle.failure == nil, let secure = s.transport.secure else { return }
    do throws(TransportError) {
      switch result {
      case .success(let ciphertext):
        s.receivedCount &+= Int64(ciphertext.count)
        try secure.noteReceived(ciphertext.count)
        _ = try secure.handshake(with: ciphertext, on: s.transport.socket.reference)
      case .failure(let error): throw .failed(.lost(error))
      }
    } catch {
      noteFailure(error, &s)
      context.logFailedHandshake(of: self, s.lifecycle.failure, secure.failureDetail)
    }
    flushByLoop(&s)
  }

  private func handlerStarts(_ s: inout State) {
    // Of a plain connection it has started already.
    guard s.lifecycle.handler == .notStarted else { return }
    context.noteHandshake(isResumed: s.transport.secure?.isResumed == true)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = context.options.firstByteTimeout.map { .now + $0 } ?? .never
    s.lifecycle.handle(.handlerStarted)
    if context.isDraining { limitInput(&s) }
    updateTimer(&s)
  }

  /// A client that has not begun its handshake when the server drains is not waited for.
  func drainHandshake(_ s: inout State) {
    if s.transport.secure?.hasReceived != true, !s.transport.hasInput { beginClose(&s) }
  }
}
