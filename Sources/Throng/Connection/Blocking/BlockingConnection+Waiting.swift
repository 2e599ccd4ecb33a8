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

/// What is done once the lock is released.
struct Afterwards {
  var writeWaiters: [EndedWriteWaiter] = []
  /// The client is gone: the handler's task is cancelled.
  var cancelsTask = false
}

extension BlockingConnection {
  /// After this long without epoll the socket is tried all the same.
  private static let retryPause = Duration.milliseconds(50)

  /// Changes the state, and resumes the writeWaiters whose wait that has ended. For every change that may
  /// fail the connection or send.
  @inline(__always)
  func withState<Result>(_ body: (inout State) -> Result) -> Result {
    var hasEnded = false
    let result = state.withLock { s in
      let result = body(&s)
      hasEnded = s.afterwards != nil
      return result
    }
    if hasEnded { tellTasks() }
    return result
  }

  /// Rare, and apart from `withState` so that a message does not pay for it.
  @inline(never)
  private func tellTasks() {
    let (ended, task) = state.withLock { ($0.afterwards.take(), $0.task) }
    guard let ended else { return }
    for writeWaiter in ended.writeWaiters { writeWaiter.resume() }
    if ended.cancelsTask { task?.cancel() }
  }

  /// - Parameter isEnd: of the connection; otherwise there is room again.
  func endWriteWaiters(_ s: inout State, isEnd: Bool) {
    guard !s.writeWaiters.isEmpty else { return }
    var afterwards = s.afterwards.take() ?? Afterwards()
    for writeWaiter in s.writeWaiters where isEnd || !writeWaiter.awaitsEnd {
      afterwards.writeWaiters.append(
        EndedWriteWaiter(writeWaiter: writeWaiter, failure: s.lifecycle.failure))
    }
    s.afterwards = afterwards
    s.writeWaiters.removeAll { isEnd || !$0.awaitsEnd }
  }

  func cancelTask(_ s: inout State) {
    var afterwards = s.afterwards.take() ?? Afterwards()
    afterwards.cancelsTask = true
    s.afterwards = afterwards
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

  // MARK: The handler

  /// Something else than the connection is waited for: what was gathered leaves, and the loop looks out
  /// for the client.
  func handlerSuspended() {
    withState { s in
      if s.flushIsDue { offerGathered(&s) }
      guard s.lifecycle.isOrdinary, !s.isReceiving else { return }
      watch(context.options.cancelsOnClose ? [.hangUp, .readable] : .hangUp, &s)
    }
  }

  /// The client's FIN while the handler awaits something else: `ConnectionOptions.cancelsOnClose`. On the loop's
  /// thread. Where bytes have come instead, the next suspension of the handler looks again.
  func noticeClose(_ s: inout State, _ buffer: inout ReceiveBuffer) {
    guard s.awaited.contains(.readable), s.transport.isOpen, s.lifecycle.canReceive, !s.isReceiving,
      s.lifecycle.handler == .running, !context.isEventDriven,
      !coalescesReplies.load(ordering: .relaxed)
    else { return }
    do throws(TransportError) {
      if try s.transport.lookAhead(&buffer) == .end { s.lifecycle.handle(.peerFin) }
    } catch {
      noteFailure(error, &s)
    }
    if s.lifecycle.peerHasEnded { cancelTask(&s) }
  }

  /// The task waits for the end of the connection.
  func awaitEnd(_ writeWaiter: WriteWaiter) {
    let isOver = withState { s in
      if !s.transport.isOpen || s.lifecycle.failure != nil || Task.isCancelled { return true }
      s.writeWaiters.append(writeWaiter)
      watch(.hangUp, &s)
      return false
    }
    if isOver { writeWaiter.continuation.resume() }
  }

  /// What still comes after our FIN is of no use, but closing on it would reset the connection. When
  /// the wait is over, the timer ends it by shutting the socket down.
  func discardInput() {
    let (socket, isShut) = state.withLock { ($0.transport.socket.reference, $0.receivingIsShut) }
    if isShut {
      return socket.waitUntilAcknowledged(atMost: context.options.lingerTimeout) {
        state.withLock { $0.lifecycle.mustClose }
      }
    }
    while let slice = try? buffer.pointee.receive(from: socket, atMost: ReceiveBuffer.chunkSize),
      slice.count > 0
    {}
  }
}
