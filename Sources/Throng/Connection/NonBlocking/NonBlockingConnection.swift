// A connection over a non-blocking socket, driven by readiness: under the reactor and the thread pool.
// Its state is under its own lock, so `write` and the rest may be called from any thread; the lock is
// uncontended unless they are. Reading from the socket happens in `handleEvents` only, on a loop's thread.
// Continuations and callbacks run after the lock is released: they are collected in a `DeferredResumptions`.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class NonBlockingConnection: Connection, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state`.

  struct State: ~Copyable {
    var socket: Socket
    /// What epoll watches the descriptor for.
    var armed: Readiness = .readable
    var token = Token(rawValue: .max)
    var readWaiter: ReadWaiter?
    var outbox = Outbox()
    var writeWaiters: [WriteWaiter] = []
    var task: Task<Void, Never>?
    var failure: ConnectionError?
    /// How many bytes may still be received; set when the drain begins.
    var inputBudget = Int32.max
    var deadlines: Deadlines

    /// The client's FIN was received, or the drain has ended the input.
    var inputEnded = false
    var peerClosed = false
    var outboundClosing = false
    var finSent = false
    var isClosing = false
    var isLingering = false
    var isAboveHighWater = false
    /// The handler has not returned, or the event handler was not told of the end.
    var isServed = true
    /// An event handler's callback runs: everything else about the connection waits for its end.
    var isBusy = false
    /// What is queued waits for the end of the turn, not for the kernel.
    var flushIsDue = false
    /// The event handler is still to be told that the input has ended.
    var inputEndIsDue = false
    /// What `handleWakeup` was called for is still to be done.
    var missedWakeup = false
    var isRegistered = true
    /// Taken out of epoll, which reports a hang-up whatever the mask.
    var isUnwatched = false
    var endReported = false
  }

  let state: Mutex<State>
  var loop: any EventLoop { context.loop }

  init(
    id: Int, remoteAddress: SocketAddress, context: ConnectionContext,
    socket: consuming Socket
  ) {
    let deadlines = Deadlines(now: context.loop.now, context.options)
    state = Mutex(State(socket: socket, deadlines: deadlines))
    super.init(
      id: id, remoteAddress: remoteAddress, context: context, receivesAtOnce: false)
  }

  /// Registers with the loop and starts the handler. On a thread of the loop.
  func start() throws(Errno) {
    try state.withLock { (s) throws(Errno) in
      // Under the lock: in a pool an event may come before this returns.
      s.token = try loop.register(
        self, s.socket.descriptor, loop.isOneShot ? [.readable, .oneShot] : .readable)
      s.isBusy = context.isEventDriven
      updateTimer(&s)
    }
    switch context.service {
    case .handler: startTask()
    case .events(let handler):
      handler.opened(self)
      endCallbacks()
    }
  }

  /// Captures nothing but the connection: what a task captures costs memory for as long as it waits.
  private func startTask() {
    let task = Task(executorPreference: loop) { [self] in
      rootTask.store(CurrentTask.id, ordering: .relaxed)
      guard case .handler(let handler) = context.service else { return }
      do {
        try await handler.handle(self)
        served(nil)
      } catch {
        served(error)
      }
    }
    state.withLock { if $0.isServed { $0.task = task } }
  }

  /// The handler has returned or thrown.
  private func served(_ error: (any Error)?) {
    if let error { context.report(error, of: self) }
    conclude { s in
      s.isServed = false
      s.task = nil
      beginClose(&s)
    }
  }

  // MARK: Connection

  override func receive(_ readWaiter: ReadWaiter, deadline: MonotonicTime) {
    registerOrRefuse(readWaiter, deadline)
  }

  override func cancelReceive(of task: UInt) { cancelReadWaiter(of: task) }

  override func transmit(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery
  ) throws(ConnectionError) -> Transmission {
    try sendOrQueue(buffer, keeping: bytes, after: prefix, delivery)
  }

  override func awaitLowWater(_ writeWaiter: WriteWaiter) { registerOrResume(writeWaiter) }

  override func cancelSend(of task: UInt) { cancelWriteWaiter(of: task) }

  override var outboxByteCount: Int { state.withLock { $0.outbox.byteCount } }

  override var isDraining: Bool { state.withLock { $0.inputBudget != .max } }

  override func close() { conclude { beginClose(&$0) } }

  override func closeOutbound() { conclude { $0.outboundClosing = true } }

  override func reset() {
    conclude { s in
      guard s.socket.isOpen else { return }
      fail(&s, .closed)
      s.socket.setResetOnClose()
    }
  }

  override func abort() {
    let task = state.withLock { $0.task }
    // In this order: a handler that ends on its cancellation would close with FIN.
    reset()
    task?.cancel()
  }

  override func drain() {
    conclude { s in
      guard s.socket.isOpen, s.inputBudget == .max else { return }
      s.inputBudget = Int32(clamping: s.socket.reference.readableCount)
      if s.inputBudget == 0 { endInput(&s) }
    }
    reportInputEnd()
  }

  /// Tells the event handler of an end that no event has brought. On a thread of the loop.
  private func reportInputEnd() {
    var wake = DeferredResumptions()
    let isMine = state.withLock { s in
      guard s.inputEndIsDue, !s.isBusy, s.socket.isOpen else { return false }
      s.inputEndIsDue = false
      s.isBusy = true
      wake.besides.inputEnded = true
      return true
    }
    guard isMine else { return }
    wake.perform(on: self)
    endCallbacks()
  }

  func beginClose(_ s: inout State) {
    s.isClosing = true
    s.outboundClosing = true
    s.inputEnded = true
  }

  /// Changes the state, lets it advance as far as it can, and then resumes waiting tasks. Callbacks belong to
  /// the loop's threads: from elsewhere the loop is asked to go on.
  func conclude(_ change: (inout State) -> Void) {
    var wake = DeferredResumptions()
    let isElsewhere = context.isEventDriven && !loop.isCurrent
    state.withLock { s in
      change(&s)
      if !isElsewhere { advance(&s, &wake) } else if s.isRegistered { loop.wake(s.token) }
    }
    wake.perform(on: self)
  }

  /// After an event handler's callbacks: what has waited for their end goes on.
  func endCallbacks() {
    var wake = DeferredResumptions()
    let mustReport = state.withLock { s in
      s.isBusy = false
      if s.missedWakeup {
        s.missedWakeup = false
        loop.wake(s.token)
      }
      if needsAdvance(s) { advance(&s, &wake) } else { updateInterest(&s) }
      return s.inputEndIsDue
    }
    wake.perform(on: self)
    if mustReport { reportInputEnd() }
  }

  /// False on the path of every message.
  @inline(__always)
  func needsAdvance(_ s: borrowing State) -> Bool {
    s.inputEnded || s.failure != nil || s.outboundClosing
  }

  /// Brings the connection as far as its state allows: input ended, flushed, FIN sent, closed.
  func advance(_ s: inout State, _ wake: inout DeferredResumptions) {
    if s.failure != nil || s.inputEnded { endReceiver(&s, &wake) }
    if s.failure != nil { endWriteWaiters(&s, &wake) }
    guard !s.isBusy else { return }
    guard s.socket.isOpen else { return reportEnd(&s, &wake) }
    // Nothing can be sent or received any more, and epoll would report that again and again.
    if s.failure != nil { return closeNow(&s, &wake) }
    if s.outboundClosing, s.outbox.isEmpty, !s.finSent {
      // After the client's FIN and without a handler, close(2) does all that shutdown(2) would.
      if !(s.isClosing && s.peerClosed) { s.socket.shutdownSending() }
      s.finSent = true
    }
    if s.isClosing, s.finSent, s.peerClosed { return closeNow(&s, &wake) }
    if s.isClosing, s.finSent, !s.isLingering {
      s.isLingering = true
      s.deadlines.phase = .now + context.options.lingerTimeout
    }
    updateInterest(&s)
    updateTimer(&s)
  }

  func closeNow(_ s: inout State, _ wake: inout DeferredResumptions) {
    // Closing is not enough to end the watch when another process has the same open file, after a fork:
    // its events would come without end (epoll(7)).
    if !s.isUnwatched { loop.epoll.delete(s.socket.descriptor) }
    s.socket.close()
    s.outbox.removeAll()
    endReceiver(&s, &wake)
    endWriteWaiters(&s, &wake)
    deregister(&s)
    reportEnd(&s, &wake)
  }

  /// The slot belongs to the loop: from elsewhere the release is left to `handleWakeup`.
  func deregister(_ s: inout State) {
    guard s.isRegistered else { return }
    guard loop.isWithinReach else { return loop.wake(s.token) }
    s.isRegistered = false
    loop.deregister(s.token)
  }

  private func reportEnd(_ s: inout State, _ wake: inout DeferredResumptions) {
    if context.isEventDriven, s.isServed {
      s.isServed = false
      wake.besides.ended = true
      wake.besides.endFailure = s.failure
    }
    guard !s.isServed, !s.isRegistered, !s.endReported else { return }
    s.endReported = true
    wake.besides.closed = true
  }

  private func endReceiver(_ s: inout State, _ wake: inout DeferredResumptions) {
    guard let readWaiter = s.readWaiter.take() else { return }
    wake.readWaiter = readWaiter
    if let failure = s.failure { wake.besides.readFailure = failure }
  }

  func endWriteWaiters(_ s: inout State, _ wake: inout DeferredResumptions) {
    guard !s.writeWaiters.isEmpty else { return }
    wake.besides.writeWaiters = s.writeWaiters
    wake.besides.writeFailure = s.failure ?? .closed
    s.writeWaiters = []
  }

  /// The client is gone, or a limit of this side has passed: nothing can be sent or received any more.
  func fail(_ s: inout State, _ error: ConnectionError) {
    guard s.failure == nil else { return }
    s.failure = error
    // FIN would say that this was all.
    if !s.outbox.isEmpty { s.socket.setResetOnClose() }
    s.outbox.removeAll()
    context.count(error)
  }
}
