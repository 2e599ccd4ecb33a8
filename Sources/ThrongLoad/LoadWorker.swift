// One thread of the generator: a connector, its connections, and the clock of the trial. Everything
// here belongs to the loop's thread except `control`, through which the coordinating thread is told.
// Phases: connecting, ready (all are connected), running, draining (replies are awaited), finished.

import CEpollShim
import SystemPackage
import Throng

final class LoadWorker: EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: the first paragraph above.
  let plan: WorkerPlan
  let index: Int
  let control: WorkerControl
  /// Tells the coordinating thread that `control` has changed.
  let changed: SharedEvent
  let clients: UnsafeMutableBufferPointer<Client>
  /// `depth` places for each client.
  let ring: UnsafeMutablePointer<InFlight>
  /// What every message reads or changes: behind a pointer, because a class's stored properties are
  /// checked for exclusive access at run time.
  let hot: UnsafeMutablePointer<Hot>
  let isOpenLoop: Bool
  /// The memory of the pattern, which `plan` keeps alive.
  let window: UnsafeRawPointer
  private(set) var connector: Connector?
  var timer: LoopTimer?
  var times: TrialTimes?
  var schedule: Schedule?
  var faults = FaultLog()
  /// Connects that were begun, and how many of them are not decided.
  var begun = 0
  var connecting = 0
  var opened = 0
  var connectStart: UInt64 = 0
  var nextTick: UInt64 = .max
  var nextHandover: UInt64 = .max
  /// Why the worker did not run; read once its thread has ended.
  private(set) var failure: Errno?
  private var cpuAtStart: UInt64 = 0
  private var measuredFrom: UInt64 = 0

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
  static let handover: UInt64 = 1_000_000_000

  init(_ plan: WorkerPlan, index: Int, changed: SharedEvent) {
    self.plan = plan
    self.index = index
    self.changed = changed
    control = WorkerControl()
    isOpenLoop = plan.rate != nil
    let count = plan.connections(of: index)
    clients = .allocate(capacity: count)
    for place in 0..<count {
      let number = plan.number(of: place, worker: index)
      clients.initializeElement(
        at: place, to: Client(random: RandomState(seed: plan.options.seed, stream: number)))
    }
    ring = .allocate(capacity: count * plan.options.depth)
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot())
    window = plan.pattern.window.withUnsafeBytes { $0.baseAddress! }  // it is not empty
  }

  deinit {
    hot.deinitialize(count: 1)
    hot.deallocate()
    ring.deallocate()
    clients.deallocate()
  }

  @inline(__always)
  static var clock: UInt64 { shim_monotonic_nanoseconds() }

  // MARK: The thread

  /// Runs the trial's part of this worker on the calling thread.
  func runToTheEnd() {
    do throws(Errno) {
      try run()
    } catch {
      failure = error
      report(.finished)
    }
  }

  private func run() throws(Errno) {
    shim_use_precise_timers()
    var options = Connector.Options()
    options.connectTimeout = plan.options.timeout
    options.drainTimeout = .seconds(1)
    options.connection.idleTimeout = nil
    // A connection above its mark would stop to read, and wait for a server that waits for it.
    options.connection.highWaterMark = .max / 4
    options.connection.outboxLimit = .max / 4
    let connector = try Connector(events: self, options: options) { [unowned self] in
      connectFailed($0)
    }
    self.connector = connector
    let timer = LoopTimer(connector) { [unowned self] in turn($0.nanoseconds) }
    self.timer = timer
    connectStart = Self.clock
    nextTick = connectStart + Self.tick
    timer.poke()
    connector.run()
    hot.pointee.phase = .finished
    publishEnd()
  }

  /// Breaks the cycle of references through the connector. Once the thread has ended.
  func tearDown() {
    timer?.cancel()
    timer = nil
    connector = nil
  }

  /// The times of the trial are known. Any thread, once the worker is ready.
  func wake() { timer?.poke() }

  /// The timer has fired, or somebody has poked it: does all that is due, and sets it again.
  private func turn(_ now: UInt64) {
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
  private func lookAround(_ now: UInt64) {
    if hot.pointee.isMeasuring { hot.pointee.records.pointee.loopLag.note(now - nextTick) }
    nextTick = now + Self.tick
    findSilent(now)
    if now >= nextHandover { handOver(now) }
    let isPointless = hot.pointee.phase > .connecting && clients.allSatisfy { $0.state == .over }
    if control.isStopping || isPointless, hot.pointee.phase < .draining { stopEarly(now) }
  }

  private func beginIfTold(_ now: UInt64) -> UInt64 {
    guard let times = control.times.withLock({ $0 }) else { return .max }
    self.times = times
    guard now >= times.begin else { return times.begin }
    hot.pointee.measureFrom = times.measureFrom
    hot.pointee.measureUntil = times.measureUntil
    hot.pointee.phase = .running
    if let rate = plan.rate {
      schedule = Schedule(
        begin: times.begin, rate: rate, index: index, threads: plan.options.threads,
        connections: clients.count, of: plan.options.connections)
    } else {
      beginSending(now)
    }
    return runOn(now)
  }

  private func runOn(_ now: UInt64) -> UInt64 {
    guard let times else { return .max }
    if measuredFrom == 0, now >= times.measureFrom { beginMeasuring(now) }
    let next = schedule == nil ? .max : sendDue(now)
    if now >= times.measureUntil {
      endMeasuring(now)
      return nextTick
    }
    return min(next, measuredFrom == 0 ? times.measureFrom : times.measureUntil)
  }

  private func beginMeasuring(_ now: UInt64) {
    measuredFrom = now
    cpuAtStart = shim_thread_nanoseconds()
    hot.pointee.isMeasuring = true
    nextHandover = (times?.measureFrom ?? now) + Self.handover
  }

  private func endMeasuring(_ now: UInt64) {
    hot.pointee.isMeasuring = false
    hot.pointee.phase = .draining
    handOver(now)
    let cpu = shim_thread_nanoseconds() - cpuAtStart
    let isMeasured = measuredFrom > 0
    let open = clients.count { $0.state == .open }
    control.status.withLock { s in
      s.measuredNanoseconds = isMeasured ? now - measuredFrom : 0
      s.cpuNanoseconds = isMeasured ? cpu : 0
      s.openAtEnd = open
    }
    report(.draining)
    endIfDrained(now)
  }

  private func stopEarly(_ now: UInt64) {
    hot.pointee.measureUntil = min(hot.pointee.measureUntil, now)
    let drain = now + UInt64(plan.options.timeout.nanoseconds)
    times = TrialTimes(begin: now, measureFrom: now, measureUntil: now, drainUntil: drain)
    endMeasuring(now)
  }

  private func endIfDrained(_ now: UInt64) {
    guard let times, control.mayClose else { return }
    if schedule != nil { _ = sendDue(now) }
    let isDrained = hot.pointee.totalInFlight == 0 && (schedule?.isEmpty(now) ?? true)
    guard isDrained || now >= times.drainUntil || connecting == 0 && liveCount == 0 else { return }
    countUnsent()
    if !isDrained { blameSilent() }
    hot.pointee.phase = .finished
    connector?.stop()
  }

  private var liveCount: Int { clients.count { $0.state == .open || $0.state == .connecting } }

  // MARK: Telling the coordinating thread

  func report(_ phase: WorkerControl.Phase) {
    control.status.withLock { s in
      s.phase = phase
      s.opened = opened
    }
    changed.signal()
  }

  private func handOver(_ now: UInt64) {
    if nextHandover != .max { nextHandover += Self.handover }
    hot.pointee.handOver(to: control.records)
  }

  private func publishEnd() {
    hot.pointee.handOver(to: control.records)
    let unserved = clients.indices.filter { !clients[$0].wasServed }
    control.status.withLock { s in
      s.faults = faults
      s.replies = clients.map(\.replies)
      s.unserved = unserved.map { plan.number(of: $0, worker: index) }
    }
    report(.finished)
  }
}
