// One thread of the load generator: a connector, its connections, and the times of the run.
// Each kind sends and verifies in its own way.
// Phases: connecting, ready, running, draining (replies are awaited), finished.
// Owned by the event loop's thread, except `control`, through which the coordinating thread
// communicates.

import LinuxSystem
import SystemPackage
import Throng

/// What all kinds of load thread have.
class LoadThreadState: @unchecked Sendable {
  // Invariant behind @unchecked: all state except `control` is owned by the loop's thread.
  let plan: RunPlan
  let index: Int
  let control = ThreadControl()
  /// Signalled when `control` has changed.
  fileprivate let changed: SharedEvent
  /// State that every message reads or changes. A pointer, because access to a class's stored
  /// properties is checked for exclusivity at run time.
  let hot: UnsafeMutablePointer<Hot>
  fileprivate(set) final var connector: Connector?
  fileprivate(set) final var timer: LoopTimer?
  fileprivate(set) final var times: RunTimes?
  final var faults = FaultLog()
  final var connects = ConnectProgress()
  final var pauses = PauseList()
  /// Error that ended the thread early; valid after its end.
  fileprivate(set) final var failure: LoadError?
  fileprivate final var nextTick: UInt64 = .max
  fileprivate final var nextHandover: UInt64 = .max
  fileprivate final var cpuAtStart: UInt64 = 0
  fileprivate final var measuredFrom: UInt64 = 0

  struct Hot {
    var phase = ThreadControl.Phase.connecting
    var isMeasuring = false
    var box: RecordBox
    /// The records of `box`.
    var records: UnsafeMutablePointer<Records>
    /// Range of intended send times that count in the open loop.
    var measureFrom: UInt64 = 0
    var measureUntil: UInt64 = .max
    /// Messages sent and not answered yet.
    var totalInFlight = 0
    /// Fan-out: receivers with an open connection, those of them that have not received a probe, and the
    /// last message that all of them have.
    var live = 0
    var unreached = 0
    var frontier = 0
    var scratch: [UInt8] = []

    init() {
      box = RecordBox()
      records = box.records
    }

    mutating func handOver(to exchange: RecordExchange) {
      box = exchange.swap(box)
      records = box.records
    }
  }

  fileprivate static let tick: UInt64 = 20_000_000
  fileprivate static let handover: UInt64 = 1_000_000_000

  init(_ plan: RunPlan, index: Int, changed: SharedEvent) {
    self.plan = plan
    self.index = index
    self.changed = changed
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot())
  }

  deinit {
    hot.deinitialize(count: 1)
    hot.deallocate()
  }

  @inline(__always)
  static var clock: UInt64 { MonotonicTime.now.nanoseconds }

  /// Delay in nanoseconds above which a message counts as late.
  static var late: UInt64 { 1_000_000 }

  /// Whether a message of the open loop counts. Its intended send time decides.
  @inline(__always)
  func isMeasured(_ intended: UInt64) -> Bool {
    intended >= hot.pointee.measureFrom && intended < hot.pointee.measureUntil
  }

  /// Breaks the reference cycle through the connector. Call after the thread has ended.
  func tearDown() {
    timer?.cancel()
    timer = nil
    connector = nil
  }

  /// Schedules a turn, because the times of the run are known or another thread has news. Any
  /// thread, once connecting has started.
  func wake() { timer?.wake() }
}

/// A load thread of one kind. All calls come from its loop's thread.
protocol LoadThread: LoadThreadState {
  associatedtype Client: LoadClient

  /// The state of each connection by slot; a connection's id is its slot.
  var clients: UnsafeMutableBufferPointer<Client> { get }

  /// Makes the connector; failed connects are passed to `connectFailed`.
  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector

  /// Slots of the connections that are opened before the measurement.
  var slotsToConnect: Range<Int> { get }

  /// Number of a connection within the run, as faults name it.
  func number(of slot: Int) -> Int

  /// Starts the connect of a slot.
  func connect(_ slot: Int, _ now: UInt64)

  /// The connect of a slot failed for good.
  func markFailed(_ slot: Int)

  /// All connects are decided. Prepares the measurement and calls `becomeReady`.
  /// - Returns: the time of the next call.
  func prepare(_ now: UInt64) -> UInt64

  /// Starts the load.
  func beginLoad(_ now: UInt64)

  /// Sends what is due.
  /// - Returns: the time of the next call.
  func sendPending(_ now: UInt64) -> UInt64

  /// Fails connections that have waited longer than the timeout. Called once a tick.
  func checkTimeouts(_ now: UInt64)

  /// Whether every message is answered, after sending has ended.
  func isDrained(_ now: UInt64) -> Bool

  /// Counts unsent messages and, unless drained, reports unanswered ones.
  func concludeLoad(isDrained: Bool)

  /// Open connections that are only held.
  var heldCount: Int { get }

  /// Whether every connection has failed, so that the run can end.
  var cannotContinue: Bool { get }

  /// Adds the counts of this kind to the final status.
  func fillStatus(_ status: inout ThreadControl.Status)
}

extension LoadThread {
  var slotsToConnect: Range<Int> { clients.indices }
  func markFailed(_ slot: Int) { clients[slot].state = .over }
  func prepare(_ now: UInt64) -> UInt64 { becomeReady() }
  func beginLoad(_ now: UInt64) {}
  func sendPending(_ now: UInt64) -> UInt64 { .max }
  var heldCount: Int { 0 }
  func checkTimeouts(_ now: UInt64) {}
  func isDrained(_ now: UInt64) -> Bool { true }
  func concludeLoad(isDrained: Bool) {}

  // MARK: The thread

  /// Runs this load thread's part of the run on the calling thread.
  func runThread() {
    do {
      try run()
    } catch {
      failure = error
      publish(.finished)
    }
  }

  private func run() throws(LoadError) {
    ThisProcess.usePreciseTimers()
    let connector: Connector
    do {
      connector = try makeConnector(connectorOptions)
    } catch {
      throw .cannotMakeEventLoop(error)
    }
    self.connector = connector
    let timer = LoopTimer(connector) { [unowned self] in turn($0.nanoseconds) }
    self.timer = timer
    connects.start = Self.clock
    nextTick = connects.start + Self.tick
    timer.wake()
    do {
      try connector.run()
    } catch {
      throw .eventLoop(error)
    }
    hot.pointee.phase = .finished
    publishEnd()
  }

  private var connectorOptions: Connector.Options {
    var options = Connector.Options()
    options.connectTimeout = plan.options.timeout
    options.drainTimeout = .seconds(1)
    options.security = plan.security
    options.security?.handshakeTimeout = plan.options.timeout
    options.connection.idleTimeout = nil
    // A connection above its high-water mark would stop reading while the server waits for it to
    // read.
    options.connection.highWaterMark = .max / 4
    options.connection.slowReaders.outboxLimit = .max / 4
    return options
  }

  /// Timer callback: does all due work and sets the timer again.
  private func turn(_ now: UInt64) {
    if now >= nextTick { handleTick(now) }
    var next = nextTick
    switch hot.pointee.phase {
    case .connecting: next = min(next, connectMore(now))
    case .ready: next = min(next, beginWhenScheduled(now))
    case .running: next = min(next, continueRunning(now))
    case .draining: endIfDrained(now)
    case .finished: break
    }
    timer?.set(at: MonotonicTime(nanoseconds: next))
  }

  /// Periodic work: timer delay, timeouts, handing over records, stop requests.
  private func handleTick(_ now: UInt64) {
    if hot.pointee.isMeasuring { hot.pointee.records.pointee.loopLag.note(now - nextTick) }
    nextTick = now + Self.tick
    pauses.resume(now)
    checkTimeouts(now)
    if now >= nextHandover { handOver(now) }
    let cannotContinue = hot.pointee.phase > .connecting && self.cannotContinue
    if control.isStopping.isSet || cannotContinue, hot.pointee.phase < .draining { stopEarly(now) }
  }

  func becomeReady() -> UInt64 {
    guard hot.pointee.phase == .connecting else { return .max }
    hot.pointee.phase = .ready
    publish(.ready)
    timer?.wake()
    return .max
  }

  private func beginWhenScheduled(_ now: UInt64) -> UInt64 {
    guard let times = control.times.withLock({ $0 }) else { return .max }
    self.times = times
    guard now >= times.begin else { return times.begin }
    hot.pointee.measureFrom = times.measureFrom
    hot.pointee.measureUntil = times.measureUntil
    hot.pointee.phase = .running
    beginLoad(now)
    return continueRunning(now)
  }

  private func continueRunning(_ now: UInt64) -> UInt64 {
    guard let times else { return .max }
    if measuredFrom == 0, now >= times.measureFrom { beginMeasuring(now) }
    let next = sendPending(now)
    if now >= times.measureUntil {
      endMeasuring(now)
      return nextTick
    }
    return min(next, measuredFrom == 0 ? times.measureFrom : times.measureUntil)
  }

  private func beginMeasuring(_ now: UInt64) {
    measuredFrom = now
    cpuAtStart = CPUTime.ofThisThread
    hot.pointee.isMeasuring = true
    nextHandover = (times?.measureFrom ?? now) + Self.handover
  }

  private func endMeasuring(_ now: UInt64) {
    hot.pointee.isMeasuring = false
    hot.pointee.phase = .draining
    handOver(now)
    let isMeasured = measuredFrom > 0
    let cpu = isMeasured ? CPUTime.ofThisThread - cpuAtStart : 0
    let (open, held) = (openCount, heldCount)
    control.status.withLock { s in
      s.measuredNanoseconds = isMeasured ? now - measuredFrom : 0
      s.cpuNanoseconds = cpu
      s.openAtEnd = open
      s.heldAtEnd = held
    }
    publish(.draining)
    endIfDrained(now)
  }

  private func stopEarly(_ now: UInt64) {
    hot.pointee.measureUntil = min(hot.pointee.measureUntil, now)
    times = RunTimes(
      begin: now, measureFrom: now, measureUntil: now, drainUntil: now + plan.timeout)
    endMeasuring(now)
  }

  private func endIfDrained(_ now: UInt64) {
    guard let times, control.mayClose.isSet else { return }
    let isDrained = isDrained(now)
    let isAlone = connects.pending == 0 && openCount == 0
    guard isDrained || now >= times.drainUntil || isAlone else { return }
    concludeLoad(isDrained: isDrained)
    hot.pointee.phase = .finished
    connector?.stop()
  }

  // MARK: Reports to the coordinating thread

  func publish(_ phase: ThreadControl.Phase) {
    control.status.withLock { s in
      s.phase = phase
      s.opened = connects.opened
    }
    changed.signal()
  }

  private func handOver(_ now: UInt64) {
    if nextHandover != .max { nextHandover += Self.handover }
    hot.pointee.handOver(to: control.records)
  }

  private func publishEnd() {
    hot.pointee.handOver(to: control.records)
    control.status.withLock { s in
      s.faults = faults
      s.resumed = connects.resumed
      s.security = connects.security
      fillStatus(&s)
    }
    publish(.finished)
  }
}
