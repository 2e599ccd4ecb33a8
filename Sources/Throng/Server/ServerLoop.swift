// A loop with its listeners and its connections: admits clients, counts them, and drains. A server
// has one for each loop. Its state is under a lock and is touched once a connection, not once a message.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class ServerLoop: ConnectionLoop, EventSource, @unchecked Sendable {
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
    /// The thread inside `Server.run` has the deadlines: the loop's own may be blocked by a handler.
    var shutdown = Shutdown(limits: nil)

    /// Whether nothing is left of a loop that drains.
    var isDone: Bool { open == 0 && listeners.isEmpty }
  }

  let configuration: Configuration
  let admission: AdmissionControl
  let model: Model
  let ids: ConnectionIDs
  let state = Mutex(State())

  /// How long between two tries to start a thread: twice as long each time. A thread whose connection
  /// has closed takes a moment to end.
  static let shortestStartPause = Duration.milliseconds(10)
  static let longestStartPause = Duration.seconds(5)

  init(
    _ handler: ConnectionHandler, _ model: Model, _ configuration: Configuration,
    ids: ConnectionIDs,
    admission: AdmissionControl, log: Logger, failureLog: LogLimiter = LogLimiter()
  ) throws(Errno) {
    let loop: any EventLoop =
      switch model.kind {
      case .reactor: try Reactor(busyPoll: configuration.busyPoll)
      case .threadPerClient: try Reactor()
      case .threadPool(let threads):
        try ThreadPool(threads: threads, runsCallbacks: handler.callbacks != nil)
      }
    self.admission = admission
    if !model.isReadinessDriven { AddressSpace.boundArenas() }
    self.model = model
    self.ids = ids
    self.configuration = configuration
    super.init(
      loop: loop, service: handler, options: configuration.connection, log: log,
      counters: Counters(),
      handshake: Handshake(
        role: .server, timeout: configuration.security?.handshakeTimeout ?? .seconds(10),
        rate: admission.handshakeRate),
      failureLog: failureLog)
    register(self)
  }

  /// Before the loop runs.
  func listen(_ socket: consuming ListeningSocket) throws(Errno) {
    let listener = try Listener(
      socket, serverLoop: self, acceptsNonBlocking: model.isReadinessDriven)
    state.withLock { $0.listeners.append(listener) }
  }

  /// Closes what `listen` has opened. For a loop that will never run.
  func discard() {
    state.withLock { s in
      for listener in s.listeners { listener.close() }
      s.listeners = []
      _ = s.shutdown.end()
    }
    admission.forget(self)
    deregister()
  }

  var metrics: Metrics.Loop {
    Metrics.Loop(
      accepted: counters.accepted.value, open: counters.open.value, turns: loop.turnCount,
      events: loop.eventCount)
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  override var isDraining: Bool { state.withLock { !$0.shutdown.isRunning } }

  override func didClose(_ connection: Connection) {
    log.debug("connection \(connection.id) closed")
    forgetConnection(connection.remoteAddress)
    startUnstarted(afterClose: true)
  }

  // MARK: Shutdown

  /// Connections that wait for events get none any more; those with threads of their own need none.
  func loopHasFailed() { requestStop(model.isReadinessDriven ? .resetting : .draining) }

  func handleWakeup(now: MonotonicTime) {
    let asked = askedStage
    var queued = 0
    reportRecovery(now)
    let (pauseEnd, stage) = state.withLock { s in
      let pauseEnd = endPauseIfDue(&s, now)
      let stage = s.shutdown.advance(to: asked, now: now)
      if stage == .draining { drainQueues(&s) }
      if stage == .resetting { queued = closeListeners(&s) }
      setTimer(&s)
      return (pauseEnd, stage)
    }
    if let error = pauseEnd?.failure { pause(exhausted: error) }
    reportReset(queued: queued)
    if pauseEnd != nil || stage == .draining { startUnstarted() }
    if let stage { endConnections(stage) }
    if stage == .resetting { giveUpUnstarted() }
    state.withLock { finishIfDone(&$0) }
  }

  /// The client that no thread could be had for does not get one any more.
  private func giveUpUnstarted() {
    guard let connection = state.withLock({ $0.unstarted.take() }) else { return }
    counters.resetAtStop.add(1)
    connection.reset()
    forgetConnection(connection.remoteAddress)
  }

  /// Ends a loop that shuts down and has nothing left. One whose handlers do not return goes on, and is not waited for: what they still
  /// do when they come back finds it there.
  func finishIfDone(_ s: inout State) {
    guard !s.shutdown.isRunning, s.isDone, s.shutdown.end() else { return }
    admission.forget(self)
    finishLoop()
  }

  /// The server has given up the thread that would close the listeners: connects fail from now on
  /// (shutdown(2)). Any thread; does nothing while another one is inside this loop.
  func stopListening() {
    _ = state.withLockIfAvailable { s in
      for listener in s.listeners { listener.stopListening() }
    }
  }

  func setTimer(_ s: inout State) {
    guard !s.shutdown.hasEnded else { return }
    setTimer(at: min(s.resumeAt, s.recoveryAt))
  }
}
