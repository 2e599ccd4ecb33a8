// A loop with its listeners and its connections: admits clients, counts them, and drains. A server
// has one for each loop. Its state is under a lock and is touched once a connection, not once a message.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class ServerLoop: ConnectionLoop, EventSource, OpeningOwner, @unchecked Sendable {
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
    /// When the connections of a loop that drains are to finish; `never` once they know.
    var drainAt = MonotonicTime.never
    /// When listeners that drain may close.
    var settleAt = MonotonicTime.never
    /// When to give the next sign of life.
    var nextSign = MonotonicTime.never
    /// When to see whether accepting goes on normally.
    var recoveryAt = MonotonicTime.never
    /// Accepted clients for which no thread could be had, and how long to wait before the next try. More
    /// than one only behind proxies, whose headers come while accepting pauses.
    var unstarted: [BlockingConnection] = []
    var startPause = ServerLoop.shortestStartPause
    /// The thread inside `Server.run` has the deadlines: the loop's own may be blocked by a handler.
    var shutdown = Shutdown(limits: nil)
    /// Requests for what the connections do, with the index by which each knows this loop.
    var inspections: [(ConnectionInspection, index: Int)] = []

    /// Whether nothing is left of a loop that drains.
    var isDone: Bool { open == 0 && listeners.isEmpty }
  }

  let configuration: Configuration
  let admission: AdmissionControl
  let model: Model
  let ids: ConnectionIDs
  let state = Mutex(State())
  /// A new process has the listening sockets as well, and serves their queues.
  let handsOver = Atomic<Bool>(false)
  private let serviceManager = Mutex<ServiceManager?>(nil)
  let probe = LoopProbe()

  /// How long between two tries to start a thread: twice as long each time. A thread whose connection
  /// has closed takes a moment to end.
  static let shortestStartPause = Duration.milliseconds(10)
  static let longestStartPause = Duration.seconds(5)

  /// How long connections go on as before when another process has taken over: a client that has connected
  /// a moment ago sends its first request in this time. So do connections that have received nothing yet when
  /// a service manager keeps the accept queue: another process would have served them.
  private static let handoverGrace = Duration.seconds(1)
  /// Between the last handshake that a listener lets begin and its close: the kernel resets clients whose
  /// handshake is under way when their listener closes, and says nothing of them before.
  private static let settleTime = Duration.milliseconds(10)

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
    if configuration.security != nil { AddressSpace.keepHandshakeMemory() }
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
    let isInherited = socket.isInherited
    let listener = try Listener(
      socket, serverLoop: self, acceptsNonBlocking: model.isReadinessDriven)
    state.withLock { s in
      s.listeners.append(listener)
      // Until `takeOver` the predecessor serves: it may have to go on without this process.
      if isInherited { s.isPaused = true }
      if s.isPaused { listener.pause() }
    }
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
      events: loop.eventCount, delay: probe.delay(now: .now),
      turnDurations: loop.turnDurations.value)
  }

  /// Established connections that were not accepted yet; nil where the kernel does not say. Any thread.
  var acceptQueueLength: Int? {
    state.withLock { s in
      s.listeners.reduce(nil) { sum, listener in
        listener.queueLength.map { (sum ?? 0) + $0 } ?? sum
      }
    }
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  override var isDraining: Bool { state.withLock { !$0.shutdown.isRunning } }

  override func didClose(_ connection: Connection) {
    log.debug("connection \(connection.id) closed")
    closeOpened(by: connection)
    counters.durations.record(from: connection.openingTime, to: loop.now)
    forgetConnection(connection.countedOrigin)
    startUnstarted(afterClose: true)
  }

  // MARK: Shutdown

  /// Connections that wait for events get none any more; those with threads of their own need none.
  func loopHasFailed() { requestStop(model.isReadinessDriven ? .resetting : .draining) }

  func handleWakeup(now: MonotonicTime) {
    let asked = askedStage
    var queued = 0
    var sparesNew = false
    probe.end()
    reportRecovery(now)
    giveSign(now)
    beginOpenings()
    let (pauseEnd, stage, drains, inspections) = state.withLock { s in
      let pauseEnd = endPauseIfDue(&s, now)
      let stage = s.shutdown.advance(to: asked, now: now)
      if stage == .draining {
        let handsOver = handsOver.load(ordering: .acquiring)
        sparesNew = !handsOver && s.listeners.contains { $0.isKeptOpen }
        drainQueues(&s)
        s.settleAt = now + Self.settleTime
        s.drainAt = handsOver || sparesNew ? now + grace : now
      }
      if stage == .resetting { queued = closeListeners(&s) }
      if s.settleAt <= now { settleQueues(&s) }
      let drains = s.drainAt <= now
      if drains { s.drainAt = .never }
      setTimer(&s)
      defer { s.inspections = [] }
      return (pauseEnd, stage, drains, s.inspections)
    }
    if let error = pauseEnd?.failure { pause(exhausted: error) }
    reportReset(queued: queued)
    if pauseEnd != nil || stage == .draining { startUnstarted() }
    if stage == .resetting {
      endPendingConnections(.stopped)
      endConnections(.resetting)
      giveUpUnstarted()
      resetHeaderReaders()
    } else if drains || sparesNew {
      endConnections(.draining, sparing: { sparesNew && self.isNew($0, now) })
    }
    for (inspection, index) in inspections { answer(inspection, index) }
    state.withLock { finishIfDone(&$0) }
  }

  /// Shorter than the drain, which would otherwise reset what was spared.
  private var grace: Duration { min(Self.handoverGrace, configuration.drainTimeout / 2) }

  private func isNew(_ connection: Connection, _ now: MonotonicTime) -> Bool {
    var isSilent = false
    connection.kind.withDescriptor { isSilent = SocketReference(descriptor: $0).arrivedCount == 0 }
    return isSilent && now < connection.openingTime + Self.handoverGrace
  }

  /// The clients that no thread could be had for do not get one any more.
  private func giveUpUnstarted() {
    let connections = state.withLock { s in
      defer { s.unstarted = [] }
      return s.unstarted
    }
    counters.resetAtStop.add(connections.count)
    for connection in connections {
      connection.reset()
      forgetConnection(connection.countedOrigin)
    }
  }

  // MARK: Reports

  /// Has the loop say what its connections do. Any thread.
  func inspect(_ inspection: ConnectionInspection, as index: Int) {
    state.withLock { $0.inspections.append((inspection, index)) }
    wake()
  }

  private func answer(_ inspection: ConnectionInspection, _ index: Int) {
    let now = loop.now
    inspection.add(
      loop.sources.lazy.compactMap { source in
        guard let connection = source as? Connection else { return nil }
        var info = connection.kind.info(now: now)
        info.loop = index
        return info
      })
  }

  /// Ends a loop that shuts down and has nothing left. One whose handlers do not return goes on, and is not waited for: what they still
  /// do when they come back finds it there.
  func finishIfDone(_ s: inout State) {
    guard !s.shutdown.isRunning, s.isDone, s.shutdown.end() else { return }
    admission.forget(self)
    if let manager = serviceManager.withLock({ $0 }), manager.watchdog?.forget(self) == true {
      manager.reportAlive()
    }
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
    setTimer(at: min(s.resumeAt, s.recoveryAt, s.nextSign, s.drainAt, s.settleAt))
  }

  // MARK: Connections that handlers open

  override var openingOwner: (any OpeningOwner)? { self }

  func openingBegins() -> Bool {
    state.withLock { s in
      guard s.shutdown.stage <= .draining else { return false }
      s.open += 1
      return true
    }
  }

  func openingEnded() { state.withLock { forgetOne(&$0) } }

  // MARK: Signs of life

  /// Has the loop give signs of life from its own turns. Any thread.
  func giveSigns(to manager: ServiceManager) {
    manager.watchdog?.expect(self)
    serviceManager.withLock { $0 = manager }
    state.withLock { $0.nextSign = .now }
    wake()
  }

  private func giveSign(_ now: MonotonicTime) {
    guard let manager = serviceManager.withLock({ $0 }), let watchdog = manager.watchdog else {
      return
    }
    let isDue = state.withLock { s in
      guard s.nextSign <= now else { return false }
      s.nextSign = now + watchdog.period
      return true
    }
    if isDue, watchdog.note(self) { manager.reportAlive() }
  }

  // MARK: Handing over

  /// The listening sockets for a new process. Any thread.
  func passedSockets(isCompanions: Bool) throws(Errno) -> [PassedSocket] {
    try state.withLock { (s) throws(Errno) in
      var sockets: [PassedSocket] = []
      for listener in s.listeners {
        if let socket = try listener.passedSocket(isCompanions: isCompanions) {
          sockets.append(socket)
        }
      }
      return sockets
    }
  }

  /// The predecessor leaves its listening sockets to this process. Any thread.
  func takeOver() {
    state.withLock { s in
      for listener in s.listeners { listener.ownFile() }
      if s.isPaused, s.resumeAt == .never, !s.awaitsRoom { s.resumeAt = .now }
    }
    wake()
  }

  /// Drains and leaves the accept queues to the process that has taken over. Any thread.
  func handOver() {
    handsOver.store(true, ordering: .releasing)
    requestStop(.draining)
  }
}
