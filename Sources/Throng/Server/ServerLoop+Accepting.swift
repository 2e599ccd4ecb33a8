// How a server loop accepts clients within the limits of the server, pauses, and empties its accept queue
// when it drains. What the log has to say is found out under the lock and logged after it is released.

import LinuxSystem
import SystemPackage

extension ServerLoop {
  /// How long accepting rests for want of something, unless a connection closes.
  private static let exhaustionPause = Duration.milliseconds(200)

  /// Whether there is to be a further call of accept(2), and what for.
  enum Permission {
    case no
    /// The client is counted in advance.
    case admit
    /// The client is to be reset: the server is full.
    case refuse
  }

  /// Decides about the next client.
  /// - Parameter isFirst: epoll has reported a client that this call would accept. If it must wait,
  ///   accepting pauses; otherwise epoll says first whether there is another one.
  func permission(from listener: Listener, isFirst: Bool) -> Permission {
    var event: AdmissionEvent?
    let permission = state.withLock { (s) -> Permission in
      guard !s.isPaused, s.shutdown.stage <= .draining, listener.hasQueue else {
        return .no
      }
      let isDraining = !s.shutdown.isRunning
      switch admission.reserve(waiter: isFirst ? self : nil, isDraining: isDraining) {
      case .granted:
        s.open += 1
        listener.noteAccept()
        return .admit
      case .refused(let found):
        event = found
        return .refuse
      case .full(let found):
        event = found
        if isFirst { pause(&s, until: .never, awaitsRoom: true) }
      case .tooFast(let time):
        if isFirst { pause(&s, until: time, awaitsRoom: false) }
      }
      return .no
    }
    if let event { admission.log.write(event, to: log) }
    return permission
  }

  /// The server is full, and its clients do not wait, or it is overloaded.
  func refuse(_ client: consuming AcceptedClient, _ reason: Refusal = .connectionLimit) {
    counters.count(reason)
    client.socket.reset()
  }

  /// The queue was empty: takes back what was counted for a place.
  func queueWasEmpty(from listener: Listener, hadPlace: Bool) {
    if hadPlace { wake(admission.cancelReservation()) }
    state.withLock { s in
      listener.noteEmptyQueue()
      if hadPlace { forgetOne(&s) }
    }
  }

  /// accept(2) has failed.
  /// - Returns: whether to try again at once.
  func acceptFailed(_ error: Errno, from listener: Listener, hadPlace: Bool) -> Bool {
    if hadPlace { wake(admission.cancelReservation()) }
    let delay = state.withLock { s in
      if hadPlace { forgetOne(&s) }
      return listener.noteFailure(error)
    }
    guard let delay else { return true }
    if error.isExhaustion {
      pause(exhausted: error)
    } else {
      admission.notePause(self, awaitsRoom: false)
      state.withLock { pause(&$0, until: loop.now + delay, awaitsRoom: false) }
      admission.log.write(.acceptFails(error, retryAfter: delay), to: log)
    }
    return false
  }

  func admit(_ client: consuming AcceptedClient, from listener: Listener) {
    let peer = client.address
    if let limit = configuration.shedDelay, sheds(client, above: limit, from: listener) {
      wake(admission.cancelReservation())
      state.withLock { forgetOne(&$0) }
      return refuse(client, .overload)
    }
    let beginning = configuration.beginning(of: peer, listener.options)
    if case .refused(let event, let waiting) = admission.admit(
      beginning == .clientsBytes ? peer : nil)
    {
      counters.count(event.refusal)
      client.socket.reset()
      wake(waiting)
      state.withLock { forgetOne(&$0) }
      return admission.log.write(event, to: log)
    }
    counters.open.add(1)
    counters.accepted.add(1)
    switch beginning {
    case .clientsBytes: start(client.socket, ConnectionOrigin(peer), listener.options)
    case .proxyHeader: awaitHeader(client, listener.options)
    case .nothing: refuse(client.socket, .untrusted, from: peer)
    }
  }

  /// Makes the connection of a client that was admitted.
  func start(
    _ socket: consuming Socket, _ origin: ConnectionOrigin, _ listener: ListenerOptions
  ) {
    let id = ids.next()
    if case .proxied = origin {
      log.debug("connection \(id) from \(origin.client) through \(origin.peer)")
    } else {
      log.debug("connection \(id) from \(origin.peer)")
    }
    var session: (any SecureSession)?
    if listener.isSecure != false, let security = configuration.security {
      do throws(SecurityFailure) {
        session = try security.context.makeSession(serverName: nil)
      } catch {
        socket.reset()
        forgetConnection(origin.counted)
        return pause(exhausted: .noMemory)
      }
    }
    let transport = Transport(socket, session)
    if case .threadPerClient(let stackSize) = model.kind {
      return startOrKeep(
        BlockingConnection(
          id: id, origin: origin, context: self, transport: transport, stackSize: stackSize))
    }
    do {
      let ready = NonBlockingConnection(
        id: id, origin: origin, context: self, transport: transport)
      try ready.start()
      started(ready)
    } catch {
      forgetConnection(origin.counted)
      pause(exhausted: error)
    }
  }

  /// Whether the client is refused because new clients have waited too long for a while.
  private func sheds(
    _ client: borrowing AcceptedClient, above limit: Duration, from listener: Listener
  ) -> Bool {
    guard let delay = client.socket.acceptDelay else { return false }
    guard state.withLock({ _ in listener.sheds(after: delay, now: .now) }) else { return false }
    admission.log.write(.overloaded(waited: delay, limit: limit), to: log)
    return true
  }

  /// A client for which no thread can be had is kept, and accepting pauses until there is one.
  private func startOrKeep(_ connection: BlockingConnection) {
    do {
      try connection.start()
      state.withLock { $0.startPause = Self.shortestStartPause }
      started(connection)
    } catch {
      admission.notePause(self, awaitsRoom: true)
      state.withLock { s in
        s.unstarted.append(connection)
        pause(&s, until: loop.now + s.startPause, awaitsRoom: true)
        s.startPause = min(s.startPause * 2, Self.longestStartPause)
      }
      admission.log.write(.exhausted(.threads, error), to: log)
    }
  }

  /// Another try for the clients that wait for a thread. On the loop's thread.
  func startUnstarted(afterClose: Bool = false) {
    let connections = state.withLock { s in
      if afterClose { s.startPause = Self.shortestStartPause }
      defer { s.unstarted = [] }
      return s.unstarted
    }
    for connection in connections { startOrKeep(connection) }
  }

  private func started(_ connection: Connection) {
    // It was in the queue of a server that drains, or in a pool the drain has begun meanwhile.
    let (stage, drainAt) = state.withLock { ($0.shutdown.stage, $0.drainAt) }
    switch stage {
    case .running: break
    case .draining: if drainAt == .never { connection.kind.drain() }
    case .resetting, .ended: connection.kind.abort()
    }
  }

  /// - Parameter client: the address that was counted for it, if any.
  func forgetConnection(_ client: SocketAddress?) {
    counters.open.add(-1)
    counters.closed.add(1)
    wake(admission.release(client))
    state.withLock { forgetOne(&$0) }
  }

  func forgetOne(_ s: inout State) {
    s.open -= 1
    finishIfDone(&s)
  }

  /// There is room for clients of loops that have paused.
  private func wake(_ waiting: [ServerLoop]) {
    for serverLoop in waiting { serverLoop.wake() }
  }

  // MARK: Pausing

  /// Out of descriptors or memory: waiting for a connection to close, or a while, may help.
  func pause(exhausted error: Errno) {
    admission.notePause(self, awaitsRoom: true)
    state.withLock { pause(&$0, until: loop.now + Self.exhaustionPause, awaitsRoom: true) }
    admission.log.write(.exhausted(Exhaustion(error), error), to: log)
  }

  private func pause(_ s: inout State, until time: MonotonicTime, awaitsRoom: Bool) {
    if !s.isPaused { counters.acceptPauses.add(1) }
    s.isPaused = true
    s.awaitsRoom = awaitsRoom
    s.resumeAt = time
    for listener in s.listeners { listener.pause() }
    setTimer(&s)
  }

  /// A pause that has ended. `failure`: epoll does not watch a listener, so that another one must follow.
  struct PauseEnd { var failure: Errno? }

  func endPauseIfDue(_ s: inout State, _ now: MonotonicTime) -> PauseEnd? {
    guard s.isPaused, s.resumeAt <= now || s.awaitsRoom && !admission.isWaiting(self) else {
      return nil
    }
    s.isPaused = false
    s.resumeAt = .never
    admission.forget(self)
    if admission.hasWarned { s.recoveryAt = now + AdmissionLog.interval }
    var end = PauseEnd()
    for listener in s.listeners { end.failure = listener.resume() ?? end.failure }
    return end
  }

  /// Logs that accepting goes on normally, some time after the log has said that it does not.
  func reportRecovery(_ now: MonotonicTime) {
    let isDue = state.withLock { s in
      guard s.recoveryAt <= now else { return false }
      s.recoveryAt = .never
      return s.shutdown.isRunning
    }
    if isDue, admission.hasRecovered(now: now) { log.notice("accepting normally again") }
  }

  // MARK: Listeners

  func withListeners<Result>(_ body: () -> Result) -> Result { state.withLock { _ in body() } }

  /// A listener has done what it could in this turn.
  /// - Parameter body: why epoll does not watch the listener as it should, if so.
  func endTurn(_ body: () -> Errno?) {
    let failure: Errno? = state.withLock { s in
      let failure = body()
      guard !s.shutdown.isRunning else { return failure }
      s.listeners.removeAll { $0.isClosed }
      finishIfDone(&s)
      return failure
    }
    if let failure { pause(exhausted: failure) }
  }

  /// New clients cannot connect any more; those that are in the queues are served, here or by the process
  /// that takes over.
  func drainQueues(_ s: inout State) {
    let handsOver = handsOver.load(ordering: .acquiring)
    for listener in s.listeners { handsOver ? listener.handOver() : listener.drain() }
    s.listeners.removeAll { $0.isClosed }
  }

  func settleQueues(_ s: inout State) {
    s.settleAt = .never
    for listener in s.listeners { listener.settle() }
    s.listeners.removeAll { $0.isClosed }
  }

  /// - Returns: how many clients were in the queues: the kernel resets them.
  func closeListeners(_ s: inout State) -> Int {
    defer { s.listeners = [] }
    return s.listeners.reduce(0) { $0 + $1.close() }
  }

  func reportReset(queued: Int) {
    guard queued > 0 else { return }
    counters.resetAtStop.add(queued)
    log.warning("resetting the clients that were not accepted in time: \(queued)")
  }
}
