// A loop with its listeners and its connections: admits clients, counts them, and drains. A server
// has one for each loop. Its state is under a lock and is touched once a connection, not once a message.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class ServerLoop: ConnectionContext, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state`.
  struct State {
    /// Those that accept clients; one that drains leaves when its queue is empty.
    var listeners: [Listener] = []
    /// Connections, and calls of accept(2) that have not returned.
    var open = 0
    var isPaused = false
    /// The pause ends when a connection of the server closes, if not before.
    var awaitsRoom = false
    var resumeAt = MonotonicTime.never
    /// When to see whether accepting goes on normally.
    var recoveryAt = MonotonicTime.never
    /// An accepted client for which no thread could be had, and how long to wait before the next try.
    var unstarted: BlockingConnection?
    var startPause = ServerLoop.shortestStartPause
    var drain = Drain.running

    /// Whether nothing is left of a serverLoop that drains.
    var isDone: Bool { open == 0 && listeners.isEmpty }
  }

  enum Drain { case running, draining, aborted, finished }

  let configuration: Configuration
  let admission: AdmissionControl
  let model: Model
  let ids: ConnectionIDs
  let state = Mutex(State())
  private let token = Mutex(Token(rawValue: .max))
  /// The raw value of a `StopStage`.
  private let stopRequest = Atomic<Int>(0)

  /// How long between two tries to start a thread: twice as long each time. A thread whose connection
  /// has closed takes a moment to end.
  static let shortestStartPause = Duration.milliseconds(10)
  static let longestStartPause = Duration.seconds(5)

  init(
    _ service: ConnectionHandler, _ model: Model, _ configuration: Configuration,
    ids: ConnectionIDs,
    admission: AdmissionControl, log: Logger, failureLog: LogLimiter = LogLimiter()
  ) throws(Errno) {
    let loop: any EventLoop =
      switch model.kind {
      case .reactor: try Reactor(busyPoll: configuration.busyPoll)
      case .threadPerClient: try Reactor()
      case .threadPool(let threads):
        try ThreadPool(threads: threads, runsCallbacks: service.callbacks != nil)
      }
    self.admission = admission
    if !model.isReadinessDriven { AddressSpace.boundArenas() }
    self.model = model
    self.ids = ids
    self.configuration = configuration
    super.init(
      loop: loop, service: service, options: configuration.connection, log: log,
      counters: Counters(), failureLog: failureLog)
    token.withLock { $0 = loop.register(self) }
  }

  /// Has `handleWakeup` called. Any thread.
  func wake() { loop.wake(token.withLock { $0 }) }

  /// Before the loop runs.
  func listen(_ socket: consuming ListeningSocket) throws(Errno) {
    let listener = try Listener(
      socket, serverLoop: self, acceptsNonBlocking: model.isReadinessDriven)
    state.withLock { $0.listeners.append(listener) }
  }

  /// Closes what `listen` has opened. For a serverLoop that will never run: it and its loop keep each
  /// other.
  func discard() {
    state.withLock { s in
      for listener in s.listeners { listener.close() }
      s.listeners = []
      s.drain = .finished
    }
    admission.forget(self)
    loop.deregister(token.withLock { $0 })
  }

  var metrics: Metrics.Loop {
    Metrics.Loop(
      accepted: counters.accepted.value, open: counters.open.value, turns: loop.turnCount,
      events: loop.eventCount)
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  override func didClose(_ connection: Connection) {
    log.debug("connection \(connection.id) closed")
    forgetConnection(connection.remoteAddress)
    startUnstarted(afterClose: true)
  }

  // MARK: Stopping

  /// Drains, or resets at once. Any thread.
  func requestStop(_ stage: StopStage) {
    if stopRequest.max(stage.rawValue, ordering: .acquiringAndReleasing).oldValue < stage.rawValue {
      wake()
    }
  }

  /// Connections that wait for events get none any more; those with threads of their own need none.
  func loopHasFailed() { requestStop(model.isReadinessDriven ? .resetting : .draining) }

  func handleWakeup(now: MonotonicTime) {
    let asked = stopRequest.load(ordering: .acquiring)
    var step = Step.nothing
    var queued = 0
    var pauseEnd: PauseEnd?
    reportRecovery(now)
    state.withLock { s in
      pauseEnd = endPauseIfDue(&s, now)
      if asked >= StopStage.draining.rawValue, s.drain == .running {
        s.drain = .draining
        drainQueues(&s)
        step = .drain
      }
      if asked >= StopStage.resetting.rawValue, s.drain == .draining {
        s.drain = .aborted
        queued = closeListeners(&s)
        step = .abort
      }
      setTimer(&s)
    }
    if let error = pauseEnd?.failure { pause(exhausted: error) }
    reportReset(queued: queued)
    if pauseEnd != nil || step == .drain { startUnstarted() }
    take(step)
    state.withLock { s in
      if s.drain != .running, s.isDone { finish(&s) }
    }
  }

  /// What follows once the lock is released, because connections call back.
  private enum Step { case nothing, drain, abort }

  private func take(_ step: Step) {
    let connections = step == .nothing ? [] : loop.sources.compactMap { $0 as? Connection }
    switch step {
    case .nothing: return
    case .drain:
      if !connections.isEmpty { log.info("draining, connections open: \(connections.count)") }
      for connection in connections { connection.drain() }
    case .abort:
      if !connections.isEmpty {
        counters.resetAtStop.add(connections.count)
        log.warning("resetting the connections that had not finished: \(connections.count)")
      }
      for connection in connections { connection.abort() }
      giveUpUnstarted()
    }
  }

  /// The client that no thread could be had for does not get one any more.
  private func giveUpUnstarted() {
    guard let connection = state.withLock({ $0.unstarted.take() }) else { return }
    counters.resetAtStop.add(1)
    connection.reset()
    forgetConnection(connection.remoteAddress)
  }

  /// Ends the loop. One whose handlers do not return goes on, and is not waited for: what they still
  /// do when they come back finds it there.
  func finish(_ s: inout State) {
    guard s.drain != .finished else { return }
    s.drain = .finished
    admission.forget(self)
    loop.deregister(token.withLock { $0 })
    loop.finish()
  }

  /// The server has given up the thread that would close the listeners: connects fail from now on
  /// (shutdown(2)). Any thread; does nothing while another one is inside the serverLoop.
  func stopListening() {
    _ = state.withLockIfAvailable { s in
      for listener in s.listeners { listener.stopListening() }
    }
  }

  func setTimer(_ s: inout State) {
    guard s.drain != .finished else { return }
    loop.setTimer(token.withLock { $0 }, at: min(s.resumeAt, s.recoveryAt))
  }
}
