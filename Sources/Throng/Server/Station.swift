// A driver with its listeners and its connections: admits clients, counts them, and drains. A server
// has one for each loop. Its state is under a lock and is touched once a connection, not once a message.

import Logging
import Synchronization
import SystemPackage

final class Station: ConnectionContext, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state`.
  private struct State {
    var listeners: [Listener] = []
    var open = 0
    var perAddress: [SocketAddress: Int] = [:]
    var acceptCredit = 0.0
    var creditAt = MonotonicTime.now
    var isPaused = false
    /// That accepting pauses was said; it is not said again until the backlog has been empty.
    var hasWarned = false
    var resumeAt = MonotonicTime.never
    /// An accepted client for which no thread could be had, and how long to wait before the next try.
    var unstarted: BlockingConnection?
    var startPause = Station.shortestStartPause
    var drain = Drain.running
    var drainDeadline = MonotonicTime.never
  }

  /// Abandoned: handlers ignore their cancellation, and nobody waits for them any more; only the other
  /// loops may still have to end.
  private enum Drain { case running, draining, aborted, abandoned, finished }

  let configuration: Configuration
  private let model: Model
  private let ids: ConnectionIDs
  /// The stations of the same server that this one outlives, because it watches the signals for all.
  private let others: [Station]
  private let isOver = Atomic<Bool>(false)
  /// Set before the driver runs: tells who outlives this station.
  let whenOver = Mutex<(@Sendable () -> Void)?>(nil)
  private let state = Mutex(State())
  private let token = Mutex(Token(rawValue: .max))
  /// 0: runs, 1: asked to drain, 2: asked to reset.
  private let stopRequest = Atomic<Int>(0)

  /// How long accepting rests when the process is out of descriptors, unless a connection closes.
  private static let exhaustionPause = Duration.milliseconds(200)
  /// How long between two tries to start a thread: twice as long each time. A thread whose connection
  /// has closed takes a moment to end.
  private static let shortestStartPause = Duration.milliseconds(10)
  private static let longestStartPause = Duration.seconds(5)
  /// How long handlers may ignore their cancellation once the drain deadline has passed.
  private static let abortGrace = Duration.seconds(1)

  init(
    _ service: Service, _ model: Model, _ configuration: Configuration, ids: ConnectionIDs,
    log: Logger, failureLog: LogLimiter = LogLimiter(), outliving others: [Station] = []
  ) throws(Errno) {
    let driver: Driver =
      switch model.kind {
      case .reactor: try Reactor(busyPoll: configuration.busyPoll)
      case .threadPerClient: try Reactor()
      case .threadPool(let threads):
        try ThreadPool(threads: threads, runsCallbacks: service.callbacks != nil)
      }
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

  private func lookAround() { driver.poke(token.withLock { $0 }) }

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

  // MARK: Accepting

  /// Counts a client in advance; false when accepting must pause instead.
  func mayAccept() -> Bool {
    state.withLock { s in
      guard s.drain == .running, !s.isPaused else { return false }
      guard s.open < configuration.maximumConnections else {
        let limit = s.open
        warn(&s, "\(limit) connections, the limit: accepting pauses until one closes")
        pause(&s, until: .never)
        return false
      }
      guard takeAcceptCredit(&s) else { return false }
      s.open += 1
      return true
    }
  }

  /// Takes back what `mayAccept` has counted.
  func acceptedNobody() {
    state.withLock { s in
      s.open -= 1
      // In a pool another listener may have met the limit, or the drain have begun, meanwhile.
      if s.isPaused, s.resumeAt == .never, s.drain == .running { resume(&s) }
      if s.drain != .running, s.open == 0 { finish(&s) }
    }
  }

  func admit(_ client: consuming AcceptedClient) {
    let peer = client.address
    guard isAddressWelcome(peer) else {
      counters.refused.add(1)
      client.socket.reset()
      return acceptedNobody()
    }
    counters.open.add(1)
    counters.accepted.add(1)
    let id = ids.next()
    log.debug("connection \(id) from \(peer)")
    if case .threadPerClient(let stackSize) = model.kind {
      return startOrKeep(
        BlockingConnection(
          id: id, remoteAddress: peer, context: self, socket: client.socket, stackSize: stackSize))
    }
    do {
      let ready = ReadyConnection(id: id, remoteAddress: peer, context: self, socket: client.socket)
      try ready.start()
      started(ready)
    } catch {
      forgetConnection(peer)
      pause(exhausted: error)
    }
  }

  /// A client for which no thread can be had is kept, and accepting pauses until there is one.
  private func startOrKeep(_ connection: BlockingConnection) {
    do {
      try connection.start()
      state.withLock { $0.startPause = Self.shortestStartPause }
      started(connection)
    } catch {
      state.withLock { s in
        s.unstarted = connection
        warn(&s, Exhaustion.threads.explanation(error))
        pause(&s, until: driver.now + s.startPause)
        s.startPause = min(s.startPause * 2, Self.longestStartPause)
      }
    }
  }

  /// Another try for the client that waits for a thread. On the driver's thread.
  private func startUnstarted(afterClose: Bool = false) {
    let connection = state.withLock { s in
      if afterClose { s.startPause = Self.shortestStartPause }
      return s.unstarted.take()
    }
    if let connection { startOrKeep(connection) }
  }

  private func started(_ connection: Connection) {
    // In a pool the drain may have begun meanwhile, and not have seen this one.
    switch state.withLock({ $0.drain }) {
    case .running: break
    case .draining: connection.drain()
    case .aborted, .abandoned, .finished: connection.abort()
    }
  }

  /// Nobody waits in the backlog any more.
  func caughtUp() {
    state.withLock { s in
      guard s.hasWarned else { return }
      s.hasWarned = false
      log.notice("everybody who waited was accepted")
    }
  }

  private func warn(_ s: inout State, _ text: @autoclosure () -> String) {
    guard !s.hasWarned else { return }
    s.hasWarned = true
    log.warning("\(text())")
  }

  override func didClose(_ connection: Connection) {
    log.debug("connection \(connection.id) closed")
    forgetConnection(connection.remoteAddress)
    startUnstarted(afterClose: true)
  }

  private func forgetConnection(_ peer: SocketAddress) {
    counters.open.add(-1)
    state.withLock { s in
      s.open -= 1
      forget(peer, &s)
      if s.isPaused, s.drain == .running { resume(&s) }
      if s.drain != .running, s.open == 0 { finish(&s) }
    }
  }

  /// Out of descriptors or memory: waiting for a connection to close, or a while, may help.
  func pause(exhausted error: Errno) {
    state.withLock { s in
      warn(&s, Exhaustion(error).explanation(error))
      pause(&s, until: driver.now + Self.exhaustionPause)
    }
  }

  private func pause(_ s: inout State, until time: MonotonicTime) {
    if !s.isPaused { counters.acceptPauses.add(1) }
    s.isPaused = true
    for listener in s.listeners { listener.pause() }
    s.resumeAt = time
    setTimer(&s)
  }

  private func resume(_ s: inout State) {
    s.isPaused = false
    s.resumeAt = .never
    for listener in s.listeners { listener.resume() }
  }

  func withListeners<Result>(_ body: () -> Result) -> Result { state.withLock { _ in body() } }

  /// A token bucket: `acceptRate` a second, saved up for at most a second.
  private func takeAcceptCredit(_ s: inout State) -> Bool {
    guard let rate = configuration.acceptRate else { return true }
    let now = MonotonicTime.now
    let elapsed = Double(now.nanoseconds - s.creditAt.nanoseconds) / 1e9
    s.acceptCredit = min(Double(rate), s.acceptCredit + elapsed * Double(rate))
    s.creditAt = now
    if s.acceptCredit < 1 {
      pause(&s, until: now + .seconds((1 - s.acceptCredit) / Double(rate)))
      return false
    }
    s.acceptCredit -= 1
    return true
  }

  private var limitsAddresses: Bool {
    configuration.maximumConnectionsPerAddress < configuration.maximumConnections
  }

  private func isAddressWelcome(_ peer: SocketAddress) -> Bool {
    guard limitsAddresses, peer.port != nil else { return true }
    return state.withLock { s in
      let count = s.perAddress[peer.with(port: 0), default: 0]
      guard count < configuration.maximumConnectionsPerAddress else { return false }
      s.perAddress[peer.with(port: 0)] = count + 1
      return true
    }
  }

  private func forget(_ peer: SocketAddress, _ s: inout State) {
    guard limitsAddresses, let count = s.perAddress[peer.with(port: 0)] else { return }
    s.perAddress[peer.with(port: 0)] = count == 1 ? nil : count - 1
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
    var isResumed = false
    state.withLock { s in
      if s.isPaused, s.resumeAt <= now {
        resume(&s)
        isResumed = true
      }
      if request > 0, s.drain == .running {
        beginDrain(&s, now)
        step = .drain
      }
      if s.drain == .draining, request > 1 || s.drainDeadline <= now {
        s.drain = .aborted
        s.drainDeadline = now + Self.abortGrace
        step = .abort
      } else if s.drain == .aborted, s.drainDeadline <= now {
        s.drain = .abandoned
        // Who is waited for from now on pokes.
        s.drainDeadline = .never
        step = .abandon
      }
      setTimer(&s)
    }
    if isResumed || step == .drain { startUnstarted() }
    take(step)
    state.withLock { s in
      if s.drain == .abandoned || s.drain != .running && s.open == 0 { finish(&s) }
    }
  }

  /// What follows once the lock is released, because connections call back.
  private enum Step { case nothing, drain, abort, abandon }

  private func take(_ step: Step) {
    let connections = step == .nothing ? [] : driver.sources.compactMap { $0 as? Connection }
    switch step {
    case .nothing: return
    case .drain: for connection in connections { connection.drain() }
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
    s.resumeAt = .never
    for listener in s.listeners { listener.close() }
    s.listeners = []
    let open = s.open
    if open > 0 { log.info("draining, connections open: \(open)") }
  }

  /// Ends the driver, unless another station is still to end: that one pokes when it does.
  private func finish(_ s: inout State) {
    guard s.drain != .finished, others.allSatisfy({ $0.isOver.load(ordering: .acquiring) }) else {
      return
    }
    s.drain = .finished
    s.drainDeadline = .never
    driver.release(token.withLock { $0 })
    driver.finish()
    noteOver()
  }

  private func setTimer(_ s: inout State) {
    guard s.drain != .finished else { return }
    driver.setTimer(token.withLock { $0 }, at: min(s.resumeAt, s.drainDeadline))
  }
}
