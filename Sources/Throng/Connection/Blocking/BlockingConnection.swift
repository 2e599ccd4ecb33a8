// A connection over a blocking socket with a thread of its own, which does `recv` and `send` and
// nothing else: thread-per-client. Its state is under its own lock, which is never held in a call that
// blocks; `users` counts the threads that are inside such a call, so that the descriptor is closed only
// once they have come out. Where a thread must be woken by something besides the socket, it waits on the
// lock's condition and the loop watches the socket: that needs no descriptor, and no call that can fail.
// Time limits are the loop's as well: its timer calls `handleWakeup` on the accepting thread.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class BlockingConnection: Connection, ConnectionKind, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state`, or belongs to the receiving task.

  struct State: ~Copyable {
    var transport: Transport
    var lifecycle = Lifecycle()
    var token = Token(rawValue: .max)
    var isRegistered = false
    var outbox = Outbox()
    var progress = SendProgress()
    var writeWaiters: [WriteWaiter] = []
    var task: Task<Void, Never>?
    /// For `withState`, where there is something.
    var afterwards: Afterwards?
    /// The child task whose receive waits, and whether it was cancelled.
    var childReader: UInt?
    var isReceiveCancelled = false
    var deadlines: Deadlines
    /// Threads inside a blocking call on the socket.
    var users = 0
    var isReceiving = false
    /// What is queued waits until the handler waits, not for the kernel.
    var flushIsDue = false
    /// The event handler wants no input.
    var isPaused = false
    var turn = EventTurn()
    /// A thread of the connection flushes; else the loop does.
    var isFlushing = false
    /// What the loop watches the socket for, once; and whether epoll knows the socket.
    var awaited: Readiness = []
    var isWatched = false
    /// Bytes that the connection's threads have reported as received, and the kernel's count when a
    /// difference between the two last postponed a limit on silence.
    var receivedCount: Int64 = 0
    var arrivedWhenPostponed: Int64 = 0
    /// The activity when a limit on silence was first found to have passed, and when it is called.
    var silentSince = MonotonicTime.never
    var silenceEnds = MonotonicTime.never
    /// When to try the socket all the same, because epoll could not watch it.
    var retryAt = MonotonicTime.never
    /// The drain came during a receive, which then returns what is left.
    var drainsNext = false
    /// A blocked receive was woken with SHUT_RD, after which the client's FIN cannot be seen.
    var receivingIsShut = false
    /// A program has the socket.
    var isLent = false

    init(_ transport: consuming Transport, _ deadlines: Deadlines) {
      self.transport = transport
      self.deadlines = deadlines
    }

    /// The kernel has everything that was sent.
    var isFlushed: Bool { outbox.isEmpty && !transport.hasUnsent }
  }

  let state: Monitor<State>
  let executor: ThreadExecutor
  /// Belongs to the thread that has set `isReceiving`.
  // Behind a pointer, because a class's stored properties are checked for exclusive access at run time.
  let buffer: UnsafeMutablePointer<ReceiveBuffer>
  let stackSize: Int
  private let heldReceiveDeadline = Atomic<UInt64>(MonotonicTime.never.nanoseconds)
  var loop: any EventLoop { context.loop }

  init(
    id: Int, origin: ConnectionOrigin, context: ConnectionContext,
    transport: consuming Transport, stackSize: Int
  ) {
    state = Monitor(State(transport, Deadlines(now: context.loop.now, context.options)))
    executor = ThreadExecutor(stackSize: stackSize, hasThread: !context.isEventDriven)
    buffer = .allocate(capacity: 1)
    buffer.initialize(to: ReceiveBuffer())
    self.stackSize = stackSize
    super.init(id: id, origin: origin, context: context, receivesAtOnce: true)
    executor.jobEnded = { [weak self] in self?.handlerSuspended() }
  }

  deinit {
    buffer.deinitialize(count: 1)
    buffer.deallocate()
  }

  /// Registers with the loop and starts the thread. On the loop's thread.
  /// - Throws: EAGAIN when no thread can be had. It may be called again then, or `reset`.
  func start() throws(Errno) {
    state.withLock { s in
      s.token = loop.register(self)
      s.isRegistered = true
      s.deadlines = Deadlines(now: loop.now, context.options)
      if s.transport.isEstablished {
        s.lifecycle.handle(.handlerStarted)
      } else {
        s.deadlines.phase = loop.now + context.handshake.timeout
      }
      if let limit = context.options.receiveTimeout, !context.isEventDriven {
        s.transport.socket.setReceiveTimeout(limit)
      }
      updateTimer(&s)
    }
    do throws(Errno) {
      try Thread.startDetached(stackSize: stackSize) { [self] in serve() }
    } catch {
      state.withLock { s in
        s.isRegistered = false
        loop.deregister(s.token)
      }
      throw error
    }
  }

  // MARK: On the connection's thread

  private func serve() {
    let isEstablished = performHandshake()
    if isEstablished {
      switch context.service {
      case .handler(let handler): run(handler)
      case .events(let handler): run(handler)
      case .loopHandler, .opener: break
      }
    }
    finish()
    if isEstablished, case .events(let handler) = context.service {
      handler.closed(self, error: state.withLock { $0.lifecycle.inputFailure })
    }
    withState { s in
      s.lifecycle.handle(.handlerReturned)
      closeIfUnused(&s)
    }
  }

  private func run(_ handler: any Handler & Sendable) {
    let task = Task(executorPreference: executor) { [self] in
      rootTask.store(CurrentTask.id, ordering: .relaxed)
      do {
        try await handler.handle(self)
      } catch {
        context.report(error, of: self)
      }
      // Before the executor ends: one of its threads may be in the receive of another task.
      state.withLock { beginClose(&$0) }
      executor.finish()
    }
    state.withLock { $0.task = task }
    executor.run()
  }

  private func run(_ handler: any EventCallbacks) {
    takeTurn()
    handler.opened(self)
    while let bytes = nextInput(handler) { handler.received(bytes, on: self) }
    if state.withLock({ $0.lifecycle.failure == nil && !$0.lifecycle.isClosing }) {
      handler.inputEnded(self)
    }
    waitUntilClosing()
    executor.finish()
    // What no thread could be had for.
    executor.run()
  }

  /// The handler is done: flushes, sends FIN, and waits for the client's.
  private func finish() {
    withState { s in
      s.task = nil
      beginClose(&s)
    }
    flushWaiting()
    let awaitsPeer = state.withLock { s in
      guard !s.lifecycle.mustClose, s.transport.isOpen, !s.lifecycle.peerHasEnded
      else { return false }
      s.lifecycle.handle(.lingerBegan)
      s.deadlines.phase = .now + context.options.lingerTimeout
      s.users += 1
      updateTimer(&s)
      return true
    }
    guard awaitsPeer else { return }
    discardInput()
    state.withLock { $0.users -= 1 }
  }

  // MARK: Closing

  var drainHasBegun: Bool {
    state.withLock { $0.drainsNext || $0.lifecycle.isDraining }
  }

  func performClose() { withState { beginClose(&$0) } }

  func performCloseOutbound() {
    withState { s in
      s.lifecycle.handle(.closeOutbound)
      sendFinIfFlushed(&s)
    }
  }

  func withDescriptor(_ body: (CInt) -> Void) {
    state.withLock { if $0.transport.isOpen { body($0.transport.descriptor) } }
  }

  func info(now: MonotonicTime) -> ConnectionInfo {
    state.withLock {
      ConnectionInfo(
        self, $0.deadlines, $0.progress, outboxBytes: $0.outbox.byteCount, now: now)
    }
  }

  func performReset() { withState { fail(&$0, .closed) } }

  func abort() {
    let task = state.withLock { $0.task }
    // In this order: a handler that ends on its cancellation would close with FIN.
    performReset()
    task?.cancel()
  }

  func drain() {
    state.withLock { s in
      guard s.transport.isOpen, !s.lifecycle.isDraining, !s.lifecycle.isLingering else { return }
      if s.lifecycle.handler == .notStarted { return drainHandshake(&s) }
      // What a receive is about to return is not in the kernel any more, or still is: only afterwards
      // is it known how much is left.
      s.drainsNext = s.isReceiving
      if s.isReceiving { wakeReceiver(&s) } else { limitInput(&s) }
      state.wakeAll()
    }
  }

  func beginClose(_ s: inout State) {
    s.lifecycle.handle(.close)
    wakeReceiver(&s)
    sendFinIfFlushed(&s)
    updateTimer(&s)
    state.wakeAll()
  }

  private func wakeReceiver(_ s: inout State) {
    guard s.isReceiving, s.transport.isOpen else { return }
    shutdownReceiving(&s)
    // From now on a receive returns at once.
    s.awaited.remove(.readable)
    state.wakeAll()
  }

  func sendFinIfFlushed(_ s: inout State) {
    guard s.transport.isOpen, s.lifecycle.nextStep(isFlushed: s.isFlushed) == .sendFin else {
      return
    }
    // The kernel resets a connection that receives after SHUT_RD and FIN, and drops what is unsent:
    // then FIN waits for the end, see `finish`.
    let waits = s.receivingIsShut && s.transport.socket.reference.hasUnacknowledged
    // After the client's FIN and without a handler, close(2) does all that shutdown(2) would.
    let closesNext = waits || s.lifecycle.isClosing && s.lifecycle.peerHasEnded
    do throws(TransportError) {
      if try s.transport.endSending(closesNext: closesNext) {
        if !waits { s.lifecycle.handle(.finSent) }
      } else {
        flushByLoop(&s)
      }
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
      s.lifecycle.handle(.truncated)
    case .failed(let error): fail(&s, error)
    }
  }

  /// Ends sending and receiving: blocked threads return, and the last of them closes the socket.
  func fail(_ s: inout State, _ error: ConnectionError) {
    guard s.lifecycle.failure == nil, s.transport.isOpen else { return }
    s.lifecycle.handle(.failed(error))
    if s.lifecycle.closesWithReset(hasUnsent: !s.outbox.isEmpty) { s.transport.setResetOnClose() }
    s.outbox.removeAll()
    context.count(error, isStarting: s.lifecycle.handler == .notStarted)
    if s.isReceiving || s.lifecycle.isLingering { s.transport.socket.shutdownReceiving() }
    // A handler that waits for its connection is told by that.
    if error != .closed, !s.isReceiving, !s.isFlushing, !isHandlersTask() { cancelTask(&s) }
    endWriteWaiters(&s, isEnd: true)
    closeIfUnused(&s)
    state.wakeAll()
  }

  /// Closes once no thread is inside a call or can enter one.
  func closeIfUnused(_ s: inout State) {
    let handlerHasReturned = s.lifecycle.handler == .returned
    guard s.users == 0, handlerHasReturned || s.lifecycle.mustClose else { return }
    // A forked child may keep the socket open, and epoll would go on reporting it.
    if s.isWatched, s.transport.isOpen { loop.epoll.delete(s.transport.descriptor) }
    s.transport.close()
    s.lifecycle.handle(.socketClosed)
    endWriteWaiters(&s, isEnd: true)
    if handlerHasReturned { loop.wake(s.token) }
  }

  // MARK: On the loop's thread

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    withState { s in
      let isOver = !readiness.isDisjoint(with: [.hangUp, .failed])
      if readiness.contains(.failed), s.awaited.contains(.hangUp), !s.isReceiving {
        fail(&s, .lost(s.transport.socket.takePendingError() ?? .connectionReset))
      }
      if context.options.cancelsOnClose { noticeClose(&s, &buffer) }
      becameReady(isOver ? s.awaited : s.awaited.intersection(readiness), &s)
    }
  }

  func handleWakeup(now: MonotonicTime) {
    let isOver = withState { s in
      if s.deadlines.timer <= now { s.deadlines.timer = .never }
      if s.retryAt <= now {
        s.retryAt = .never
        becameReady(s.awaited, &s)
      }
      if s.transport.isOpen { checkDeadlines(&s, now) }
      guard s.lifecycle.isOver, s.isRegistered else { return false }
      s.isRegistered = false
      loop.deregister(s.token)
      return true
    }
    if isOver { context.didClose(self) }
  }

  // MARK: ConnectionKind

  func receiveNow(_ limit: Int, _ deadline: MonotonicTime) throws -> Bytes? {
    try receive(limit, until: strictest(deadline))
  }

  /// Looks for the client's FIN by itself.
  func handlerHasTakenAll() {}

  func cancelReceive(of task: UInt) {
    state.withLock { s in
      guard s.childReader == task else { return }
      s.isReceiveCancelled = true
      state.wakeAll()
    }
  }

  func sendGathered() { withState { if $0.flushIsDue { offerGathered(&$0) } } }

  func setReceiving(isPaused: Bool) {
    state.withLock { $0.isPaused = isPaused }
    state.wakeAll()
  }

  /// When receives that begin from now on end.
  var receiveDeadline: MonotonicTime {
    get { MonotonicTime(nanoseconds: heldReceiveDeadline.load(ordering: .relaxed)) }
    set { heldReceiveDeadline.store(newValue.nanoseconds, ordering: .relaxed) }
  }

  var negotiatedSecurity: SecurityInfo? { state.withLock { $0.transport.secure?.info } }

  var queuedByteCount: Int { state.withLock { $0.outbox.byteCount } }
}
