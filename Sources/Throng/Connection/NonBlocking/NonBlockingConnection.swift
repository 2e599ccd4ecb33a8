// A connection over a non-blocking socket, driven by readiness: under the reactor and the thread pool.
// Its state is under its own lock, so `write` and the rest may be called from any thread; the lock is
// uncontended unless they are. Reading from the socket happens in `handleEvents` only, on a loop's thread.
// Continuations and callbacks run after the lock is released: they are collected in a `DeferredResumptions`.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class NonBlockingConnection: Connection, ConnectionKind, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state`.

  struct State: ~Copyable {
    // In an order that leaves no gaps: there may be very many connections, and malloc(3) rounds up to 16 bytes.
    var transport: Transport
    var deadlines: Deadlines
    var isAboveHighWater = false
    /// The event handler wants no input.
    var isPaused = false
    /// What is queued waits for the end of the turn, not for the kernel.
    var flushIsDue = false
    var registration = Registration()
    var callbacks = CallbackTurn()
    var readWaiter: ReadWaiter?
    var lifecycle = Lifecycle()
    var endReported = false
    /// A program has the socket.
    var isLent = false
    var backlog = SendBacklog()

    init(_ transport: consuming Transport, _ deadlines: Deadlines) {
      self.transport = transport
      self.deadlines = deadlines
    }

    /// The kernel has everything that was sent.
    var isFlushed: Bool { backlog.isEmpty && !transport.hasUnsent }
  }

  let state: Mutex<State>
  var loop: any EventLoop { context.loop }

  init(
    id: Int, origin: ConnectionOrigin, context: ConnectionContext,
    transport: consuming Transport
  ) {
    state = Mutex(State(transport, Deadlines(now: context.loop.now, context.options)))
    super.init(id: id, origin: origin, context: context, receivesAtOnce: false)
  }

  /// Registers with the loop and starts the handler, or the handshake before it. On a thread of the loop.
  func start() throws(Errno) {
    let isEstablished = try state.withLock { (s) throws(Errno) in
      // Under the lock: in a pool an event may come before this returns.
      s.registration.token = try loop.register(
        self, s.transport.descriptor, loop.isOneShot ? [.readable, .oneShot] : .readable)
      let isEstablished = s.transport.isEstablished
      if isEstablished { handlerWillStart(&s) } else { beginHandshake(&s) }
      updateTimer(&s)
      return isEstablished
    }
    if isEstablished { startHandler() }
  }

  /// Under the lock; `startHandler` follows once it is released.
  func handlerWillStart(_ s: inout State) {
    s.callbacks.isBusy = context.isEventDriven
    s.lifecycle.handle(.handlerStarted)
    // A handshake's events have disarmed a pool's descriptor.
    if loop.isOneShot, context.options.cancelsOnClose { watchForClose(&s) }
  }

  func startHandler() {
    switch context.service {
    case .handler, .loopHandler: startTask()
    case .opener: context.didStart(self)
    case .events(let handler):
      handler.opened(self)
      endCallbacks()
    }
  }

  /// Captures nothing but the connection: what a task captures costs memory for as long as it waits.
  private func startTask() {
    let task = Task(executorPreference: loop) { [self] in
      rootTask.store(CurrentTask.id, ordering: .releasing)
      // One call for both cases: a second one would cost each client that waits a kilobyte.
      guard let handler = context.service.taskHandler else { return }
      do {
        try await handler.handle(self)
        handlerReturned(nil)
      } catch {
        handlerReturned(error)
      }
    }
    // The same, for what happens to the connection before the task runs.
    rootTask.store(unsafeBitCast(task, to: UInt.self), ordering: .releasing)
  }

  /// The handler's task. `rootTask` is its pointer and keeps no reference: a task lives until its closure has
  /// returned, which takes the lock before, to note that the handler has.
  func handlersTask(_ s: borrowing State) -> Task<Void, Never>? {
    let id = rootTask.load(ordering: .acquiring)
    guard s.lifecycle.handler == .running, id != 0 else { return nil }
    return unsafeBitCast(id, to: Task<Void, Never>.self)
  }

  /// The handler has returned or thrown.
  private func handlerReturned(_ error: (any Error)?) {
    if let error { context.report(error, of: self) }
    conclude { $0.lifecycle.handle(.handlerReturned) }
  }

  // MARK: ConnectionKind

  func sendGathered() { conclude { if $0.flushIsDue { offer(&$0) } } }

  func handlerHasTakenAll() { state.withLock { watchForClose(&$0) } }

  /// The next receive finds a timer that is not its own, and looks for its limits: so this costs nothing to those
  /// that have none.
  var receiveDeadline: MonotonicTime {
    get { state.withLock { _ in heldReceiveDeadline } }
    set {
      state.withLock { s in
        guard !context.isEventDriven else { return }
        eventState = newValue == .never ? nil : ReceiveDeadline(newValue)
        if s.readWaiter == nil { s.deadlines.receive = .unset }
      }
    }
  }

  func setReceiving(isPaused: Bool) {
    state.withLock { s in
      s.isPaused = isPaused
      guard s.transport.isOpen, !isPaused else { return }
      updateInterest(&s)
      if s.transport.hasPendingInput { loop.wake(s.registration.token) }
    }
  }

  func awaitEnd(_ writeWaiter: WriteWaiter) {
    let isOver = state.withLock { s in
      if !s.transport.isOpen || Task.isCancelled { return true }
      s.backlog.writeWaiters.append(writeWaiter)
      watchForEnd(&s)
      return false
    }
    if isOver { writeWaiter.continuation.resume() }
  }

  var queuedByteCount: Int { state.withLock { $0.backlog.byteCount } }

  /// Why the handler was never started; nil: it was.
  var startFailure: ConnectionError? {
    state.withLock { s in
      s.lifecycle.handler == .notStarted ? s.lifecycle.failure ?? .closed : nil
    }
  }

  var negotiatedSecurity: SecurityInfo? { state.withLock { $0.transport.secure?.info } }

  var drainHasBegun: Bool { state.withLock { $0.lifecycle.isDraining } }

  func performClose() {
    conclude { s in
      s.lifecycle.handle(.close)
      endUse(&s)
    }
  }

  func performCloseOutbound() { conclude { $0.lifecycle.handle(.closeOutbound) } }

  func withDescriptor(_ body: (CInt) -> Void) {
    state.withLock { if $0.transport.isOpen { body($0.transport.descriptor) } }
  }

  func info(now: MonotonicTime) -> ConnectionInfo {
    state.withLock {
      ConnectionInfo(
        self, $0.deadlines, $0.backlog.progress, outboxBytes: $0.backlog.byteCount, now: now)
    }
  }

  func performReset() {
    conclude { s in
      if s.transport.isOpen { fail(&s, .closed) }
      endUse(&s)
    }
  }

  /// A task that has opened the connection does not use it any more.
  private func endUse(_ s: inout State) {
    if context.isOpenedByTask { s.lifecycle.handle(.handlerReturned) }
  }

  func abort() {
    let task = state.withLock { handlersTask($0) }
    // In this order: a handler that ends on its cancellation would close with FIN.
    performReset()
    task?.cancel()
  }

  func drain() {
    conclude { s in
      guard s.transport.isOpen, !s.lifecycle.isDraining else { return }
      if s.lifecycle.handler == .notStarted { return drainHandshake(&s) }
      handleInputEvent(.drain(readable: s.transport.limitInput()), &s)
      if s.isLent { s.transport.socket.shutdownReceiving() }
    }
    reportInputEnd()
  }

  func beginLending() {
    state.withLock { s in
      s.isLent = true
      if s.lifecycle.isDraining { s.transport.socket.shutdownReceiving() }
    }
  }

  func closeHere() {
    state.withLock { s in
      guard s.transport.isOpen else { return }
      if !s.registration.isUnwatched { loop.epoll.delete(s.transport.descriptor) }
      s.transport.close()
      s.lifecycle.handle(.socketClosed)
    }
  }

  // MARK: Changes

  /// Changes the state, lets it advance as far as it can, and then resumes waiting tasks. Callbacks belong to
  /// the loop's threads: from elsewhere the loop is asked to go on.
  func conclude(_ change: (inout State) -> Void) {
    var resumptions = DeferredResumptions()
    let isElsewhere = context.isEventDriven && !loop.isCurrent
    state.withLock { s in
      change(&s)
      if !isElsewhere {
        advance(&s, &resumptions)
      } else if s.registration.isActive {
        loop.wake(s.registration.token)
      }
    }
    resumptions.perform(on: self)
  }

  /// Brings the connection as far as its state allows: input ended, flushed, FIN sent, closed.
  func advance(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    if s.lifecycle.hasFailed || !s.lifecycle.canReceive { endReadWaiter(&s, &resumptions) }
    if s.lifecycle.hasFailed { endWriteWaiters(&s, &resumptions) }
    guard !s.callbacks.isBusy else { return }
    while true {
      switch s.lifecycle.nextStep(isFlushed: s.isFlushed) {
      case .sendFin: sendFin(&s)
      case .linger:
        s.lifecycle.handle(.lingerBegan)
        s.deadlines.phase = .now + context.options.lingerTimeout
      case .close: return closeNow(&s, &resumptions)
      case .nothing:
        if !s.transport.isOpen {
          if s.isLent { deregisterIfUnused(&s) }
          return reportEnd(&s, &resumptions)
        }
        updateInterest(&s)
        return updateTimer(&s)
      }
    }
  }

  private func sendFin(_ s: inout State) {
    do throws(TransportError) {
      // After the client's FIN and without a handler, close(2) does all that shutdown(2) would.
      let closesNext = s.lifecycle.isClosing && s.lifecycle.peerHasEnded
      if try s.transport.endSending(closesNext: closesNext) { s.lifecycle.handle(.finSent) }
    } catch {
      noteFailure(error, &s)
    }
  }

  /// Of the transport.
  @inline(never)
  func noteFailure(_ error: TransportError, _ s: inout State) {
    switch error {
    case .wouldBlock: break
    case .truncated:
      context.counters.truncated.add(1)
      handleInputEvent(.truncated, &s)
    case .failed(let error): fail(&s, error)
    }
  }

  /// The client is gone, or a limit of this side has passed: nothing can be sent or received any more.
  func fail(_ s: inout State, _ error: ConnectionError) {
    guard !s.lifecycle.hasFailed else { return }
    s.lifecycle.handle(.failed(error))
    if s.lifecycle.closesWithReset(hasUnsent: !s.backlog.isEmpty) { s.transport.setResetOnClose() }
    s.backlog.removeAll()
    context.count(error, isStarting: s.lifecycle.handler == .notStarted)
  }

  func closeNow(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    // Closing is not enough to end the watch when another process has the same open file, after a fork:
    // its events would come without end (epoll(7)).
    if !s.registration.isUnwatched { loop.epoll.delete(s.transport.descriptor) }
    s.transport.close()
    s.lifecycle.handle(.socketClosed)
    s.backlog.removeAll()
    cancelHandler(&s, &resumptions)
    endReadWaiter(&s, &resumptions)
    endWriteWaiters(&s, &resumptions)
    deregister(&s)
    reportEnd(&s, &resumptions)
  }

  /// The client is gone, and the handler awaits something else than its connection, which would tell it.
  private func cancelHandler(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    guard let failure = s.lifecycle.failure, failure != .closed, let task = handlersTask(s),
      s.readWaiter == nil, resumptions.readWaiter == nil, !isHandlersTask()
    else { return }
    resumptions.besides.cancelledTask = task
  }

  /// The entry belongs to the loop: from elsewhere the removal is left to `handleWakeup`.
  func deregister(_ s: inout State) {
    guard s.registration.isActive else { return }
    guard loop.isWithinReach else { return loop.wake(s.registration.token) }
    s.registration.isActive = false
    loop.deregister(s.registration.token)
  }

  /// The entry of a connection whose socket was left to a program stays until the handler has returned, so
  /// that a stop finds the handler.
  func deregisterIfUnused(_ s: inout State) {
    if !s.isLent || s.lifecycle.hasFailed || s.lifecycle.handler == .returned {
      deregister(&s)
    }
  }

  private func reportEnd(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    if context.isEventDriven, s.lifecycle.handler == .running {
      s.lifecycle.handle(.handlerReturned)
      resumptions.besides.ended = true
      resumptions.besides.endFailure = s.lifecycle.inputFailure
    }
    guard s.lifecycle.isOver, !s.registration.isActive, !s.endReported else { return }
    s.endReported = true
    resumptions.besides.closed = true
  }

  private func endReadWaiter(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    guard let readWaiter = s.readWaiter.take() else { return }
    resumptions.readWaiter = readWaiter
    if let failure = s.lifecycle.inputFailure { resumptions.besides.readFailure = failure }
  }

  func endWriteWaiters(_ s: inout State, _ resumptions: inout DeferredResumptions) {
    let writeWaiters = s.backlog.writeWaiters
    guard !writeWaiters.isEmpty else { return }
    resumptions.besides.writeWaiters = writeWaiters
    resumptions.besides.writeFailure = s.lifecycle.failure ?? .closed
    s.backlog.writeWaiters = []
  }
}
