// How the threads of a connection wait for its socket and are woken, under thread-per-client. The loop
// watches the socket for them with epoll, once for each time that it is asked to, and wakes them through
// the lock's condition. Tasks are resumed only once the lock is released: resuming takes the lock of the
// task, which a canceller holds while it waits for that of the connection.

import LinuxSystem
import SystemPackage

/// A writeWaiter whose wait is over; `failure`: because the connection is.
struct EndedWriteWaiter {
  let writeWaiter: WriteWaiter
  let failure: ConnectionError?

  func resume() {
    if let failure {
      writeWaiter.continuation.resume(throwing: failure)
    } else {
      writeWaiter.continuation.resume()
    }
  }
}

extension BlockingConnection {
  /// After this long without epoll the socket is tried all the same.
  private static let retryPause = Duration.milliseconds(50)

  /// Changes the state, and resumes the writeWaiters whose wait that has ended. For every change that may
  /// fail the connection or send.
  @inline(__always)
  func withState<Result>(_ body: (inout State) -> Result) -> Result {
    var ended: [EndedWriteWaiter]?
    let result = state.withLock { s in
      let result = body(&s)
      if s.endedWriteWaiters != nil { ended = s.endedWriteWaiters.take() }
      return result
    }
    if let ended { for writeWaiter in ended { writeWaiter.resume() } }
    return result
  }

  func endWriteWaiters(_ s: inout State) {
    guard !s.writeWaiters.isEmpty else { return }
    var ended = s.endedWriteWaiters.take() ?? []
    for writeWaiter in s.writeWaiters {
      ended.append(EndedWriteWaiter(writeWaiter: writeWaiter, failure: s.lifecycle.failure))
    }
    s.endedWriteWaiters = ended
    s.writeWaiters = []
  }

  /// Has the loop look out for the socket: `awaited` loses what has come.
  func watch(_ interest: Readiness, _ s: inout State) {
    guard s.transport.isOpen, !s.awaited.isSuperset(of: interest) else { return }
    s.awaited.insert(interest)
    arm(&s)
  }

  private func arm(_ s: inout State) {
    do throws(Errno) {
      let interest = s.awaited.union(.oneShot)
      if s.isWatched {
        try loop.epoll.modify(s.transport.descriptor, interest, s.token)
      } else {
        try loop.epoll.add(s.transport.descriptor, interest, s.token)
        s.isWatched = true
      }
    } catch {
      // ENOMEM, or ENOSPC: the user has as many registrations as fs.epoll.max_user_watches allows.
      s.retryAt = .now + Self.retryPause
      updateTimer(&s)
    }
  }

  /// The socket is ready for what was awaited, or might be. On the loop's thread.
  func becameReady(_ readiness: Readiness, _ s: inout State) {
    guard s.transport.isOpen else { return }
    s.awaited.remove(readiness)
    if readiness.contains(.writable), !s.isFlushing { sendByLoop(&s) }
    if !s.awaited.isEmpty, s.transport.isOpen { arm(&s) }
    state.wakeAll()
  }

  /// One sendmsg(2) for each look at the socket, so that no client holds up the others.
  private func sendByLoop(_ s: inout State) {
    guard !s.lifecycle.mustClose, !s.isFlushed else { return }
    _ = sendFront(&s)
    if !s.isFlushed { s.awaited.insert(.writable) }
  }
}
