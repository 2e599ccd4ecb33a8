// One thread of the generator: a connector, its connections, and the clock of the trial. Everything
// here belongs to the loop's thread except `control`, through which the coordinating thread is told.
// Phases: connecting, ready (all are connected), running, draining (replies are awaited), finished.
// What is sent and what is expected is the business of the subclasses.

import CEpollShim
import SystemPackage
import Throng

class TrialWorker: @unchecked Sendable {
  // Invariant behind @unchecked: the first paragraph above.
  let plan: WorkerPlan
  let index: Int
  let control = WorkerControl()
  /// Tells the coordinating thread that `control` has changed.
  private let changed: SharedEvent
  /// What every message reads or changes: behind a pointer, because a class's stored properties are
  /// checked for exclusive access at run time.
  let hot: UnsafeMutablePointer<Hot>
  private(set) final var connector: Connector?
  private(set) final var timer: LoopTimer?
  private(set) final var times: TrialTimes?
  final var faults = FaultLog()
  final var connects = ConnectProgress()
  final var pauses = PauseList()
  /// Why the worker did not run; read once its thread has ended.
  private(set) final var failure: (any Error)?
  private final var nextTick: UInt64 = .max
  private final var nextHandover: UInt64 = .max
  private final var cpuAtStart: UInt64 = 0
  private final var measuredFrom: UInt64 = 0

  struct Hot {
    var phase = WorkerControl.Phase.connecting
    var isMeasuring = false
    var box: RecordBox
    /// The box's.
    var records: UnsafeMutablePointer<Records>
    /// The messages of the open loop that count.
    var measureFrom: UInt64 = 0
    var measureUntil: UInt64 = .max
    var totalInFlight = 0
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

  static let tick: UInt64 = 20_000_000
  private static let handover: UInt64 = 1_000_000_000

  init(_ plan: WorkerPlan, index: Int, changed: SharedEvent) {
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
  static var clock: UInt64 { shim_monotonic_nanoseconds() }

  // MARK: What each kind of worker does in its own way

  /// A connector for the connections; what fails to connect goes to `connectFailed`.
  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    fatalError("abstract")
  }

  /// The places of the connections that are opened before the measurement.
  var placesToConnect: Range<Int> { fatalError("abstract") }

  /// A connection's number among all of the trial, as faults name it.
  func number(of place: Int) -> Int { fatalError("abstract") }

  /// Begins the connect of a place.
  func connect(_ place: Int, _ now: UInt64) { fatalError("abstract") }

  /// A place is without a connection for good.
  func gaveUpConnecting(_ place: Int) { fatalError("abstract") }

  /// Everybody is connected, or cannot be: what is left to do until the worker is ready.
  /// - Returns: when to come back.
  func prepare(_ now: UInt64) -> UInt64 { becomeReady() }

  /// The load begins.
  func begin(_ now: UInt64) { fatalError("abstract") }

  /// Sends what is due.
  /// - Returns: when to come back.
  func proceed(_ now: UInt64) -> UInt64 { .max }

  /// Many times a second: who has waited longer than the timeout.
  func findSilent(_ now: UInt64) {}

  /// Whether all that was sent is answered, once no more is sent.
  func isDrained(_ now: UInt64) -> Bool { fatalError("abstract") }

  /// The end: counts what was never sent and, unless all was answered, blames who has not answered.
  func concludeLoad(isDrained: Bool) {}

  /// Open connections.
  var openCount: Int { fatalError("abstract") }

  /// Those of the open connections that are only held beside the others.
  var heldCount: Int { 0 }

  /// Whether nothing can come of going on.
  var isPointless: Bool { fatalError("abstract") }

  /// The end: what the coordinating thread is to know besides the records.
  func describe(_ status: inout WorkerControl.Status) { fatalError("abstract") }

  // MARK: The thread

  /// Runs the trial's part of this worker on the calling thread.
  final func runToTheEnd() {
    do {
      try run()
    } catch {
      failure = error
      report(.finished)
    }
  }

  private final func run() throws {
    shim_use_precise_timers()
    var options = Connector.Options()
    options.connectTimeout = plan.options.timeout
    options.drainTimeout = .seconds(1)
    options.connection.idleTimeout = nil
    // A connection above its mark would stop to read, and wait for a server that waits for it.
    options.connection.highWaterMark = .max / 4
    options.connection.slowReaders.outboxLimit = .max / 4
    let connector = try makeConnector(options)
    self.connector = connector
    let timer = LoopTimer(connector) { [unowned self] in turn($0.nanoseconds) }
    self.timer = timer
    connects.start = Self.clock
    nextTick = connects.start + Self.tick
    timer.poke()
    try connector.run()
    hot.pointee.phase = .finished
    publishEnd()
  }

  /// Breaks the cycle of references through the connector. Once the thread has ended.
  final func tearDown() {
    timer?.cancel()
    timer = nil
    connector = nil
  }

  /// Something is to be done: the times of the trial are known, or another worker has news. Any
  /// thread, once the worker has begun to connect.
  final func wake() { timer?.poke() }

  /// The timer has fired, or somebody has poked it: does all that is due, and sets it again.
  private final func turn(_ now: UInt64) {
    if now >= nextTick { lookAround(now) }
    var next = nextTick
    switch hot.pointee.phase {
    case .connecting: next = min(next, connectMore(now))
    case .ready: next = min(next, beginIfTold(now))
    case .running: next = min(next, runOn(now))
    case .draining: endIfDrained(now)
    case .finished: break
    }
    timer?.set(at: MonotonicTime(nanoseconds: next))
  }

  /// Many times a second: how late the loop is, who has waited too long, whether we are to stop.
  private final func lookAround(_ now: UInt64) {
    if hot.pointee.isMeasuring { hot.pointee.records.pointee.loopLag.note(now - nextTick) }
    nextTick = now + Self.tick
    pauses.resume(now)
    findSilent(now)
    if now >= nextHandover { handOver(now) }
    let isPointless = hot.pointee.phase > .connecting && self.isPointless
    if control.isStopping || isPointless, hot.pointee.phase < .draining { stopEarly(now) }
  }

  /// Whether a message of the open loop counts: its time decides, not its reply's.
  @inline(__always)
  final func isMeasured(_ intended: UInt64) -> Bool {
    intended >= hot.pointee.measureFrom && intended < hot.pointee.measureUntil
  }

  final func becomeReady() -> UInt64 {
    guard hot.pointee.phase == .connecting else { return .max }
    hot.pointee.phase = .ready
    report(.ready)
    timer?.poke()
    return .max
  }

  private final func beginIfTold(_ now: UInt64) -> UInt64 {
    guard let times = control.times.withLock({ $0 }) else { return .max }
    self.times = times
    guard now >= times.begin else { return times.begin }
    hot.pointee.measureFrom = times.measureFrom
    hot.pointee.measureUntil = times.measureUntil
    hot.pointee.phase = .running
    begin(now)
    return runOn(now)
  }

  private final func runOn(_ now: UInt64) -> UInt64 {
    guard let times else { return .max }
    if measuredFrom == 0, now >= times.measureFrom { beginMeasuring(now) }
    let next = proceed(now)
    if now >= times.measureUntil {
      endMeasuring(now)
      return nextTick
    }
    return min(next, measuredFrom == 0 ? times.measureFrom : times.measureUntil)
  }

  private final func beginMeasuring(_ now: UInt64) {
    measuredFrom = now
    cpuAtStart = shim_thread_nanoseconds()
    hot.pointee.isMeasuring = true
    nextHandover = (times?.measureFrom ?? now) + Self.handover
  }

  private final func endMeasuring(_ now: UInt64) {
    hot.pointee.isMeasuring = false
    hot.pointee.phase = .draining
    handOver(now)
    let cpu = shim_thread_nanoseconds() - cpuAtStart
    let isMeasured = measuredFrom > 0
    control.status.withLock { s in
      s.measuredNanoseconds = isMeasured ? now - measuredFrom : 0
      s.cpuNanoseconds = isMeasured ? cpu : 0
      s.openAtEnd = openCount
      s.heldAtEnd = heldCount
    }
    report(.draining)
    endIfDrained(now)
  }

  private final func stopEarly(_ now: UInt64) {
    hot.pointee.measureUntil = min(hot.pointee.measureUntil, now)
    let drain = now + UInt64(plan.options.timeout.nanoseconds)
    times = TrialTimes(begin: now, measureFrom: now, measureUntil: now, drainUntil: drain)
    endMeasuring(now)
  }

  private final func endIfDrained(_ now: UInt64) {
    guard let times, control.mayClose else { return }
    let isDrained = isDrained(now)
    let isAlone = connects.pending == 0 && openCount == 0
    guard isDrained || now >= times.drainUntil || isAlone else { return }
    concludeLoad(isDrained: isDrained)
    hot.pointee.phase = .finished
    connector?.stop()
  }

  // MARK: Telling the coordinating thread

  final func report(_ phase: WorkerControl.Phase) {
    control.status.withLock { s in
      s.phase = phase
      s.opened = connects.opened
    }
    changed.signal()
  }

  private final func handOver(_ now: UInt64) {
    if nextHandover != .max { nextHandover += Self.handover }
    hot.pointee.handOver(to: control.records)
  }

  private final func publishEnd() {
    hot.pointee.handOver(to: control.records)
    control.status.withLock { s in
      s.faults = faults
      describe(&s)
    }
    report(.finished)
  }
}
