// A server: listeners, a model, and a handler. Binds, runs the model's threads, stops them.

import CEpollShim
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
    var stations: [Station] = []
    var addresses: [SocketAddress] = []
    var stopAsked: Int = 0
    /// What the stations had counted when they ended.
    var lastMetrics = Metrics()
  }

  public let model: Model
  public let configuration: Configuration
  private let service: Service
  private let log: Logger
  private let ids = ConnectionIDs()
  private let failureLog = LogLimiter()
  private let state = Mutex(State())

  /// A server that has not touched the system yet.
  public convenience init(
    _ handler: some Handler, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.handler(handler), model, configuration, log)
  }

  /// The same for the callback API.
  public convenience init(
    events handler: some EventHandler, model: Model = .reactor,
    configuration: Configuration = Configuration(), log: Logger = Logger(label: "throng")
  ) {
    self.init(.events(EventCallbacksOf(handler)), model, configuration, log)
  }

  private init(_ service: Service, _ model: Model, _ configuration: Configuration, _ log: Logger) {
    self.service = service
    self.model = model
    self.configuration = configuration
    self.log = log
  }

  deinit {
    for station in state.withLock({ $0.stations }) { station.dismiss() }
  }

  /// Where the server listens; empty before ``listen()``.
  public var addresses: [SocketAddress] { state.withLock { $0.addresses } }

  /// What the server has counted so far. Any thread, also after the end.
  public var metrics: Metrics {
    state.withLock { $0.stations.isEmpty ? $0.lastMetrics : Metrics($0.stations) }
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

  /// Serves until SIGINT, SIGTERM or SIGHUP, or ``stop()``, and returns once the server has drained. Blocks the
  /// calling thread, which becomes the reactor's (or one of the model's). A second signal resets the
  /// clients that are left. Signals are seen here only if no other thread takes them: call this from
  /// the main thread before starting others, or use the asynchronous form.
  public func run() throws { try run(watching: watchSignals) }

  /// Serves until ``stop()`` or until the task is cancelled, and returns once the server has drained.
  /// Runs on threads of its own and leaves signals alone.
  public func run() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        do {
          try Thread.startDetached(stackSize: 1 << 20) {
            continuation.resume(with: Result { try self.run { _ in nil } })
          }
        } catch {
          continuation.resume(throwing: ServerError.system("cannot start a thread: \(error)"))
        }
      }
    } onCancel: {
      stop()
    }
  }

  /// Stops accepting, lets every handler finish what was received, flushes and closes; past the drain
  /// timeout, resets. Does not wait; any thread, any number of times.
  public func stop() { requestStop(resetting: false) }

  /// Stops accepting and resets every connection. Does not wait; any thread.
  public func stopNow() { requestStop(resetting: true) }

  private func requestStop(resetting: Bool) {
    let stations = state.withLock { s in
      s.stopAsked = max(s.stopAsked, resetting ? 2 : 1)
      return s.stations
    }
    for station in stations { station.requestStop(resetting: resetting) }
  }

  // MARK: Running

  /// What starts the thread of a loop.
  typealias ThreadStart =
    @Sendable (_ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread

  /// - Parameters:
  ///   - watch: begins to watch the signals, or does not; if it throws, so does this.
  ///   - start: another way to start threads, for tests.
  func run(
    watching watch: (Driver) throws(Errno) -> SignalWatch?,
    starting start: @escaping ThreadStart = Server.startThread
  ) throws(ServerError) {
    if addresses.isEmpty { try listen() }
    let stations = try state.withLock { (s) throws(ServerError) in
      guard s.phase == .listening else { throw .alreadyRunning }
      s.phase = .running
      return s.stations
    }
    defer {
      state.withLock { s in
        s.phase = .stopped
        s.lastMetrics = Metrics(s.stations)
        s.stations = []
      }
    }
    do {
      let watch = try watch(stations[0].driver)
      defer { watch?.end() }
      let asked = state.withLock { $0.stopAsked }
      if asked > 0 { requestStop(resetting: asked > 1) }
      run(stations[...], start)
    } catch {
      for station in stations { station.dismiss() }
      throw .system("cannot run the server: \(error)")
    }
  }

  @Sendable private static func startThread(
    _ body: @escaping @Sendable () -> Void
  ) throws(Errno) -> Thread { try Thread(stackSize: 1 << 20, body) }

  /// The first station on the calling thread, the others each on one of its own. Fewer loops than asked
  /// for serve as well, but nobody may connect to one that does not run.
  private func run(_ stations: ArraySlice<Station>, _ start: @escaping ThreadStart) {
    guard let first = stations.first else { return }
    let others = stations.dropFirst()
    guard !others.isEmpty else { return first.driver.run() }
    do {
      let thread = try start { [self] in run(others, start) }
      first.driver.run()
      thread.join()
    } catch {
      for station in others { station.dismiss() }
      log.error(
        """
        cannot start a thread: \(error) (raise ulimit -u); serving with fewer loops than asked for, \
        by \(others.count)
        """)
      first.driver.run()
    }
  }

  private func watchSignals(_ driver: Driver) throws(Errno) -> SignalWatch? {
    shim_ignore_broken_pipes()
    return try SignalWatch(driver) { [unowned self] request in
      switch request {
      case .drain: requestStop(resetting: false)
      case .reset: requestStop(resetting: true)
      case .metrics: reportMetrics()
      }
    }
  }

  private func reportMetrics() {
    if let report = configuration.metricsSignalled { return report(metrics) }
    log.notice("\(metrics)")
  }

  // MARK: Opening

  private func open(_ s: inout State) throws(ServerError) {
    let loops = if case .reactor(let loops) = model.kind { loops } else { 1 }
    var plans = try ListenPlan.plans(
      for: configuration.listen, sharing: loops > 1 ? .first : .none)
    if loops > 1, let unix = plans.first(where: \.isUnix) {
      throw .cannotListen(on: unix.place, .unixSocketWithLoops)
    }
    var opened: [Station] = []
    let admission = AdmissionControl(configuration)
    do {
      for index in 1...loops {
        let others = index == loops ? opened : []
        opened.insert(try openStation(admission, &plans, outliving: others), at: 0)
      }
    } catch {
      for station in opened { station.dismiss() }
      throw error
    }
    s.stations = opened
    s.addresses = plans.map(\.address)
  }

  /// A loop with listeners of its own; the next ones listen on the ports that the first has got.
  private func openStation(
    _ admission: AdmissionControl, _ plans: inout [ListenPlan], outliving others: [Station] = []
  ) throws(ServerError) -> Station {
    var station: Station?
    do {
      let new = try Station(
        service, model, configuration, ids: ids, admission: admission, log: log,
        failureLog: failureLog, outliving: others)
      station = new
      for index in plans.indices {
        let socket = try ListeningSocket.open(
          plans[index], options: configuration.connection, backlog: configuration.backlog)
        plans[index].address = socket.address
        if plans[index].sharing == .first { plans[index].sharing = .further }
        try new.listen(socket)
      }
      return new
    } catch {
      station?.dismiss()
      if let error = error as? ServerError { throw error }
      let remedy = (error as? Errno).map { " (\(Exhaustion($0).remedy))" } ?? ""
      throw .system("cannot make an event loop: \(error)\(remedy)")
    }
  }
}
