// A driver with its listeners and its connections: admits clients, counts them, and drains. A server
// has one for each loop. Its state is under a lock and is touched once a connection, not once a message.

import Logging
import Synchronization
import SystemPackage

final class Station: ConnectionContext, EventSource, @unchecked Sendable {
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
    var startPause = Station.shortestStartPause
    var drain = Drain.running
    var drainDeadline = MonotonicTime.never

    /// Whether nothing is left of a station that drains.
    var isDone: Bool { open == 0 && listeners.isEmpty }
  }

  /// Abandoned: handlers ignore their cancellation, and nobody waits for them any more; only the other
  /// loops may still have to end.
  enum Drain { case running, draining, aborted, abandoned, finished }

  let configuration: Configuration
  let admission: AdmissionControl
  let model: Model
  let ids: ConnectionIDs
  /// The stations of the same server that this one outlives, because it watches the signals for all.
  private let others: [Station]
  private let isOver = Atomic<Bool>(false)
  /// Set before the driver runs: tells who outlives this station.
  let whenOver = Mutex<(@Sendable () -> Void)?>(nil)
  let state = Mutex(State())
  private let token = Mutex(Token(rawValue: .max))
  /// 0: runs, 1: asked to drain, 2: asked to reset.
  private let stopRequest = Atomic<Int>(0)

  /// How long between two tries to start a thread: twice as long each time. A thread whose connection
  /// has closed takes a moment to end.
  static let shortestStartPause = Duration.milliseconds(10)
  static let longestStartPause = Duration.seconds(5)
  /// How long handlers may ignore their cancellation once the drain deadline has passed.
  private static let abortGrace = Duration.seconds(1)

  init(
    _ service: Service, _ model: Model, _ configuration: Configuration, ids: ConnectionIDs,
    admission: AdmissionControl, log: Logger, failureLog: LogLimiter = LogLimiter(),
    outliving others: [Station] = []
  ) throws(Errno) {
    let driver: Driver =
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
    self.others = others
    self.configuration = configuration
    super.init(
      driver: driver, service: service, options: configuration.connection, log: log,
      counters: Counters(), failureLog: failureLog)
    token.withLock { $0 = driver.adopt(self) }
    for other in others {
      // Weak, because this station may fail to listen, and the others end without it.
      other.whenOver.withLock { $0 = { [weak self] in self?.lookAround() } }
    }
  }

  /// Has `attend` called. Any thread.
  func lookAround() { driver.poke(token.withLock { $0 }) }

  /// Before the driver runs.
  func listen(_ socket: consuming ListeningSocket) throws(Errno) {
    let listener = try Listener(
      socket, station: self, acceptsNonBlocking: model.isReadinessDriven)
    state.withLock { $0.listeners.append(listener) }
  }

  /// Closes what `listen` has opened. For a station that will never run: it and its driver keep each
  /// other. Nobody waits for it.
  func dismiss() {
    state.withLock { s in
      for listener in s.listeners { listener.close() }
      s.listeners = []
      s.drain = .finished
    }
    admission.forget(self)
    driver.release(token.withLock { $0 })
    noteOver()
  }

  private func noteOver() {
    isOver.store(true, ordering: .releasing)
    whenOver.withLock { $0 }?()
  }

  var metrics: Metrics.Loop {
    Metrics.Loop(
      accepted: counters.accepted.value, open: counters.open.value, turns: driver.turns.value,
      events: driver.events.value)
  }

  func ready(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  override func didClose(_ connection: Connection) {
    log.debug("connection \(connection.id) closed")
    forgetConnection(connection.remoteAddress)
    startUnstarted(afterClose: true)
  }

  // MARK: Stopping

  /// Drains, or resets at once. Any thread.
  func requestStop(resetting: Bool) {
    let asked = resetting ? 2 : 1
    if stopRequest.max(asked, ordering: .acquiringAndReleasing).oldValue < asked {
      driver.poke(token.withLock { $0 })
    }
  }

  func attend(now: MonotonicTime) {
    let request = stopRequest.load(ordering: .acquiring)
    var step = Step.nothing
    var queued = 0
    var isResumed = false
    reportRecovery(now)
    state.withLock { s in
      isResumed = resumeIfDue(&s, now)
      if request > 0, s.drain == .running {
        beginDrain(&s, now)
        step = .drain
      }
      if s.drain == .draining, request > 1 || s.drainDeadline <= now {
        s.drain = .aborted
        s.drainDeadline = now + Self.abortGrace
        queued = closeListeners(&s)
        step = .abort
      } else if s.drain == .aborted, s.drainDeadline <= now {
        s.drain = .abandoned
        // Who is waited for from now on pokes.
        s.drainDeadline = .never
        step = .abandon
      }
      setTimer(&s)
    }
    reportReset(queued: queued)
    if isResumed || step == .drain { startUnstarted() }
    take(step)
    state.withLock { s in
      if s.drain == .abandoned || s.drain != .running && s.isDone { finish(&s) }
    }
  }

  /// What follows once the lock is released, because connections call back.
  private enum Step { case nothing, drain, abort, abandon }

  private func take(_ step: Step) {
    let connections = step == .nothing ? [] : driver.sources.compactMap { $0 as? Connection }
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
    case .abandon:
      // Their connections are reset, and have left the driver.
      let open = state.withLock { $0.open }
      guard open > 0 else { return }
      log.error("\(open) handlers ignore their cancellation; stopping without them")
    }
  }

  /// The client that no thread could be had for does not get one any more.
  private func giveUpUnstarted() {
    guard let connection = state.withLock({ $0.unstarted.take() }) else { return }
    counters.resetAtStop.add(1)
    connection.reset()
    forgetConnection(connection.remoteAddress)
  }

  private func beginDrain(_ s: inout State, _ now: MonotonicTime) {
    s.drain = .draining
    s.drainDeadline = now + configuration.drainTimeout
    drainQueues(&s)
  }

  /// Ends the driver, unless another station is still to end: that one pokes when it does.
  func finish(_ s: inout State) {
    guard s.drain != .finished, others.allSatisfy({ $0.isOver.load(ordering: .acquiring) }) else {
      return
    }
    s.drain = .finished
    s.drainDeadline = .never
    admission.forget(self)
    driver.release(token.withLock { $0 })
    driver.finish()
    noteOver()
  }

  func setTimer(_ s: inout State) {
    guard s.drain != .finished else { return }
    driver.setTimer(token.withLock { $0 }, at: min(s.resumeAt, s.drainDeadline, s.recoveryAt))
  }
}
