// A server: listeners, a model, and a handler. Binds and stops; `Server+Running` has what happens in
// between.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

/// Serves TCP or Unix clients with one handler, under the model that you choose.
///
/// ```swift
/// try Server(Greeter(), model: .reactor).run()
/// ```
public final class Server: Sendable {
  private enum Phase { case made, listening, running, stopped }

  private struct State: Sendable {
    var phase = Phase.made
    var serverLoops: [ServerLoop] = []
    var addresses: [SocketAddress] = []
    var stopAsked = ShutdownStage.running
    /// What runs, once it does: fewer threads than the model has where no more could be started.
    var runningModel: Model?
    var upgradeAsked = false
    /// A service manager that wants to know how the server does.
    var serviceManager: ServiceManager?
    /// Where the thread inside `run` waits.
    var news: LoopThreads.News?
    /// A server beside this one whose sockets go along at an upgrade, and whether this is such a one.
    weak var companion: Server?
    var isCompanion = false
    /// What the serverLoops had counted when they ended.
    var lastMetrics = Metrics()
  }

  /// How handlers are given threads.
  public let model: Model
  /// The configuration that the server was made with.
  public let configuration: Configuration
  private let handlers: HandlerSource
  let log: Logger
  private let ids = ConnectionIDs()
  private let failureLog = LogLimiter()
  private let state = Mutex(State())

  /// A server that has not touched the system yet.
  public convenience init(
    _ handler: some Handler & Sendable, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.shared(.handler(handler)), model, configuration, log)
  }

  /// The same for the callback API.
  public convenience init(
    events handler: some EventHandler & Sendable, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.shared(.events(EventCallbacksOf(handler))), model, configuration, log)
  }

  /// The same for the callback API with a state for each connection.
  public convenience init(
    events handler: some StatefulEventHandler & Sendable, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.shared(.events(StatefulEventCallbacks(handler))), model, configuration, log)
  }

  init(
    _ handlers: HandlerSource, _ model: Model, _ configuration: Configuration, _ log: Logger
  ) {
    self.handlers = handlers
    self.model = model
    self.configuration = configuration
    self.log = log
  }

  deinit {
    for serverLoop in state.withLock({ $0.serverLoops }) { serverLoop.discard() }
  }

  /// Where the server listens; empty before ``listen()``.
  public var addresses: [SocketAddress] { state.withLock { $0.addresses } }

  /// The model with the number of event loops or threads that really serve: fewer than ``model`` has
  /// when no more threads could be started. The same as ``model`` until the server runs.
  public var runningModel: Model { state.withLock { $0.runningModel } ?? model }

  /// What the server has counted so far. Any thread, also after the end.
  public var metrics: Metrics {
    state.withLock { $0.serverLoops.isEmpty ? $0.lastMetrics : Metrics($0.serverLoops) }
  }

  /// Whether the server runs and takes clients.
  public var isServing: Bool {
    state.withLock { $0.runningModel != nil && $0.phase == .running && $0.stopAsked == .running }
  }

  /// The loops, while they run.
  var runningLoops: [ServerLoop] {
    state.withLock { $0.runningModel != nil ? $0.serverLoops : [] }
  }

  /// Binds and listens: from now on clients can connect, and are served once the server runs.
  /// - Throws: ``ServerError`` that names the remedy.
  public func listen() throws(ServerError) {
    try state.withLock { (s) throws(ServerError) in
      guard s.phase == .made else { throw .alreadyRunning }
      try open(&s)
      s.phase = .listening
    }
  }

  /// Serves until SIGINT, SIGTERM or SIGHUP, or ``stop()``, and returns once the server has drained. Blocks
  /// the calling thread, which waits for signals; the model's threads serve. A second signal resets the
  /// clients that are left. With ``Configuration/security``, SIGHUP reloads its files instead. Signals are
  /// seen here only if no other thread takes them: call this from the main thread before starting others,
  /// or use the asynchronous form.
  /// - Throws: ``ServerError``; ``ServerError/handlersStillRunning(connections:)`` when handlers have not
  ///   returned a second after their connections were reset.
  public func run() throws(ServerError) {
    ThisProcess.ignoreBrokenPipes()
    let reloads = configuration.security != nil
    try run { () throws(Errno) in try SignalWatch(reloads: reloads) }
  }

  /// Serves until ``stop()`` or until the task is cancelled, and returns once the server has drained.
  /// Runs on threads of its own and leaves signals alone.
  /// - Throws: as `run()` does.
  public func run() async throws(ServerError) {
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        do throws(Errno) {
          try Thread.startDetached(stackSize: 1 << 20) {
            continuation.resume(returning: self.outcomeOfRunning())
          }
        } catch {
          continuation.resume(returning: .failure(.cannotStart(.thread, error)))
        }
      }
    } onCancel: {
      stop()
    }
    try outcome.get()
  }

  /// The server is beside the one that the program runs, and takes over the sockets of such a server. Before
  /// it listens.
  package func becomeCompanion() { state.withLock { $0.isCompanion = true } }

  /// Serves on threads of its own until ``stop()``, leaves signals alone, and does not wait. What ends it
  /// early is logged. After `becomeCompanion`.
  /// - Parameters:
  ///   - main: the server that the program runs; at its upgrade, the new process gets the sockets of this
  ///     one as well.
  ///   - ended: called once this one has stopped.
  /// - Throws: ``ServerError`` when no thread can be started.
  package func start(
    beside main: Server, ended: @escaping @Sendable () -> Void
  ) throws(ServerError) {
    main.state.withLock { $0.companion = self }
    do throws(Errno) {
      try Thread.startWithoutSignals(stackSize: 1 << 20) {
        if case .failure(let error) = self.outcomeOfRunning() { self.log.error("\(error)") }
        ended()
      }
    } catch {
      throw .cannotStart(.thread, error)
    }
  }

  private func outcomeOfRunning() -> Result<Void, ServerError> {
    Result { () throws(ServerError) in try run { nil } }
  }

  /// Stops accepting, lets every handler finish what was received, flushes and closes; past the drain
  /// timeout, resets. Does not wait; any thread, any number of times. A handler that blocks the thread
  /// of its event loop keeps what that loop serves open until it returns; `run()` ends all the
  /// same, a second after the drain timeout at the latest.
  public func stop() { requestStop(.draining) }

  /// Stops accepting and resets every connection. Does not wait; any thread.
  public func stopNow() { requestStop(.resetting) }

  /// The loops are asked at once, by the calling thread; the one inside `run` sees to the deadlines.
  func requestStop(_ stage: ShutdownStage) {
    let (isNew, serverLoops, news) = state.withLock { s in
      defer { s.stopAsked = max(s.stopAsked, stage) }
      return (stage > s.stopAsked, s.serverLoops, s.news)
    }
    guard isNew else { return }
    if stage == .draining { serviceManager?.stopping() }
    // A loop ends when it has nothing left; until then it is there for the handlers that it still has.
    for serverLoop in serverLoops { serverLoop.requestStop(min(stage, .resetting)) }
    news?.wake()
  }

  /// The thread inside `run` does what is needed.
  func requestUpgrade() {
    let news = state.withLock { s in
      s.upgradeAsked = true
      return s.news
    }
    news?.wake()
  }

  // MARK: For the thread inside `run`

  /// - Returns: whether an upgrade was asked for since the last call.
  func takeUpgradeRequest() -> Bool {
    state.withLock { s in
      defer { s.upgradeAsked = false }
      return s.upgradeAsked
    }
  }

  var serverLoops: [ServerLoop] { state.withLock { $0.serverLoops } }

  var serviceManager: ServiceManager? { state.withLock { $0.serviceManager } }

  /// Drains, and leaves the accept queues to another process.
  func requestHandover() {
    let (serverLoops, news) = state.withLock { s in
      s.stopAsked = max(s.stopAsked, .draining)
      return (s.serverLoops, s.news)
    }
    for serverLoop in serverLoops { serverLoop.handOver() }
    news?.wake()
    companion?.requestHandover()
  }

  var isCompanion: Bool { state.withLock { $0.isCompanion } }

  private var companion: Server? { state.withLock { $0.companion } }

  /// The loops of the server beside this one.
  var companionsLoops: [ServerLoop] { companion?.serverLoops ?? [] }

  var stopAsked: ShutdownStage { state.withLock { $0.stopAsked } }

  func beginRunning() throws(ServerError) -> [ServerLoop] {
    try state.withLock { (s) throws(ServerError) in
      guard s.phase == .listening else { throw .alreadyRunning }
      s.phase = .running
      return s.serverLoops
    }
  }

  /// The event loops run, or at least these.
  func note(running: [ServerLoop], threadCount: Int, _ news: LoopThreads.News) {
    let manager = configuration.notifiesServiceManager ? ServiceManager(log) : nil
    let asked = state.withLock { s in
      s.serverLoops = running
      s.news = news
      s.serviceManager = manager
      s.runningModel = model.with(threadCount: threadCount)
      return s.stopAsked
    }
    if let manager, manager.watchdog != nil {
      for serverLoop in running { serverLoop.giveSigns(to: manager) }
    }
    // Before that a stop has reached nothing but `stopAsked`, or not all of them.
    for serverLoop in running { serverLoop.requestStop(min(asked, .resetting)) }
  }

  /// So that no client connects to an event loop that is given up.
  func stopListening() {
    for serverLoop in state.withLock({ $0.serverLoops }) { serverLoop.stopListening() }
  }

  func endRunning() {
    state.withLock { s in
      s.phase = .stopped
      s.lastMetrics = Metrics(s.serverLoops)
      s.serverLoops = []
      s.news = nil
    }
  }

  // MARK: Opening

  private func open(_ s: inout State) throws(ServerError) {
    let loops = if case .reactor(let loops) = model.kind { loops } else { 1 }
    if handlers.isPerLoop, model.kind != .reactor(loops: loops) { throw .noEventLoops(model) }
    var plans = try ListenPlan.plans(
      for: configuration.listen, sharing: loops > 1 ? .first : .none)
    for plan in plans {
      if plan.options.isSecure == true, configuration.security == nil {
        throw .cannotListen(on: plan.place, .noCertificate)
      }
      if plan.options.expectsProxyHeader, configuration.proxyProtocolFrom.isEmpty {
        throw .cannotListen(on: plan.place, .noTrustedProxy)
      }
    }
    for index in plans.indices where !plans[index].isPassed {
      plans[index].passed = PassedSockets.ofThisProcess.take(
        boundTo: plans[index].address, isCompanion: s.isCompanion)
    }
    if loops > 1, let unix = plans.first(where: { $0.isUnix && $0.passed.isEmpty }) {
      throw .cannotListen(on: unix.place, .unixSocketWithLoops)
    }
    var opened: [ServerLoop] = []
    let admission = AdmissionControl(configuration)
    do {
      for index in 0..<loops { opened.append(try openLoop(admission, &plans, (index, loops))) }
    } catch {
      for serverLoop in opened { serverLoop.discard() }
      throw error
    }
    s.serverLoops = opened
    s.addresses = plans.map(\.address)
  }

  /// A loop with listeners of its own; the next ones listen on the ports that the first has got.
  private func openLoop(
    _ admission: AdmissionControl, _ plans: inout [ListenPlan], _ position: (index: Int, of: Int)
  ) throws(ServerError) -> ServerLoop {
    let serverLoop: ServerLoop
    do throws(Errno) {
      serverLoop = try ServerLoop(
        handlers.make(), model, configuration, ids: ids, admission: admission, log: log,
        failureLog: failureLog)
    } catch {
      throw .cannotStart(.eventLoop, error)
    }
    do {
      for index in plans.indices {
        if plans[index].passed.isEmpty {
          try listen(serverLoop, &plans[index])
        } else {
          try adopt(serverLoop, &plans[index], position)
        }
      }
      return serverLoop
    } catch {
      serverLoop.discard()
      throw error
    }
  }

  /// Gives the loop its share of the sockets that the process was started with: each socket to one loop, or
  /// to several where there are fewer sockets than loops, so that every queue is served.
  private func adopt(
    _ serverLoop: ServerLoop, _ plan: inout ListenPlan, _ position: (index: Int, of: Int)
  ) throws(ServerError) {
    plan.address = plan.passed[0].address
    let (count, loops) = (plan.passed.count, position.of)
    for index in 0..<max(count, loops) where index % loops == position.index {
      let isShared = index >= count || index + count < loops
      let socket = try ListeningSocket.adopt(
        plan.passed[index % count], plan,
        queue: isShared ? .shared(isFirst: index < count) : .own,
        options: configuration.connection, backlog: configuration.backlog)
      try listen(serverLoop, socket)
    }
  }

  private func listen(_ serverLoop: ServerLoop, _ plan: inout ListenPlan) throws(ServerError) {
    if plan.isPassed { throw .cannotListen(on: plan.place, .notPassed) }
    let socket = try ListeningSocket.open(
      plan, options: configuration.connection, backlog: configuration.backlog)
    plan.address = socket.address
    if plan.sharing == .first { plan.sharing = .further }
    try listen(serverLoop, socket)
  }

  private func listen(
    _ serverLoop: ServerLoop, _ socket: consuming ListeningSocket
  ) throws(ServerError) {
    do throws(Errno) {
      try serverLoop.listen(socket)
    } catch {
      throw .cannotStart(.eventLoop, error)
    }
  }
}
