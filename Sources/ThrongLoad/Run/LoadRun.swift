// One run: starts the load threads, tells them the times, collects their records, and waits for
// their end.
// Runs on the coordinating thread, which sleeps in poll(2) meanwhile.

import LinuxSystem
import SystemPackage
import Throng

final class LoadRun {
  private let plan: RunPlan
  private let stopRequest: StopRequest
  private let probe: ServerProbe?
  private let observer: (any LoadObserver)?
  private var loadThreads: [any LoadThread] = []
  private var total = Records()
  private var intervals: [IntervalResult] = []
  private var times: RunTimes?
  private var usageAtStart: ProcessUsage?
  private var usageAtEnd: ProcessUsage?
  /// CPU time of the coordinating thread within the measured time, in nanoseconds.
  private var ownNanoseconds: UInt64 = 0
  private var startTime: UInt64 = 0
  private var openingSeconds: Double?

  init(
    _ options: LoadOptions, address: SocketAddress, rate: Double?, stopRequest: StopRequest,
    probe: ServerProbe?, observer: (any LoadObserver)?
  ) {
    plan = RunPlan(options, address: address, rate: rate)
    self.stopRequest = stopRequest
    self.probe = probe
    self.observer = observer
  }

  func run() throws(LoadError) -> RunResult {
    loadThreads = makeLoadThreads()
    probe?.prepare()
    startTime = LoadThreadState.clock
    try startThreads(loadThreads[...])
    for loadThread in loadThreads { loadThread.tearDown() }
    collect()
    return RunReport(
      plan: plan, total: total, statuses: loadThreads.map { $0.control.status.withLock { $0 } },
      intervals: intervals, openingSeconds: openingSeconds, ownNanoseconds: ownNanoseconds,
      probe: probe,
      wasStopped: stopRequest.isRequested,
      usage: usageAtStart.flatMap { start in usageAtEnd.map { (start, $0) } }
    ).result
  }

  private func makeLoadThreads() -> [any LoadThread] {
    let threads = plan.options.threads
    if plan.options.isFanOut {
      let progress = FanOutProgress(plan)
      var loadThreads: [any LoadThread] = (0..<threads).map {
        FanOutThread(plan, progress: progress, index: $0, changed: stopRequest.changed)
      }
      if plan.slowConnections > 0 {
        loadThreads.append(StalledReceivers(plan, progress: progress, changed: stopRequest.changed))
      }
      return loadThreads
    }
    var loadThreads: [any LoadThread] = (0..<threads).map {
      EchoThread(plan, index: $0, changed: stopRequest.changed)
    }
    if plan.slowConnections > 0 {
      loadThreads.append(SlowReaders(plan, index: threads, changed: stopRequest.changed))
    }
    return loadThreads
  }

  /// Starts all load threads, coordinates them once all run, and joins them.
  private func startThreads(_ rest: ArraySlice<any LoadThread>) throws(LoadError) {
    guard let loadThread = rest.first else { return coordinate() }
    let thread: Thread
    do {
      thread = try Thread(stackSize: 1 << 20) { loadThread.runThread() }
    } catch {
      throw .cannotStartThread(error)
    }
    var failure: LoadError?
    do {
      try startThreads(rest.dropFirst())
    } catch {
      for loadThread in loadThreads {
        loadThread.control.stop()
        loadThread.control.allowClosing()
      }
      failure = error
    }
    thread.join()
    if let failure { throw failure }
    if let failure = loadThread.failure { throw failure }
  }

  private func coordinate() {
    wait(until: .max) { $0 >= .ready }
    openingSeconds = plan.isChurn ? nil : Double(LoadThreadState.clock - startTime) / 1e9
    let begin = LoadThreadState.clock + 1_000_000
    let from = begin + UInt64(plan.isIdle ? 0 : plan.options.warmup.nanoseconds)
    let until = from + UInt64(plan.options.duration.nanoseconds)
    let drain = until + UInt64(plan.options.timeout.nanoseconds)
    let times = RunTimes(
      begin: begin, measureFrom: from, measureUntil: until, drainUntil: drain)
    for loadThread in loadThreads {
      loadThread.control.times.withLock { $0 = times }
      loadThread.wake()
    }
    wait(until: from) { $0 >= .draining }
    usageAtStart = probe?.begin()
    let cpu = CPUTime.ofThisThread
    var second: UInt64 = 1
    while from + second * 1_000_000_000 <= until, !areAll({ $0 >= .draining }) {
      // The load threads hand over on the second and check the clock every 20 ms.
      wait(until: from + second * 1_000_000_000 + Self.handoverTime) { $0 >= .draining }
      finishInterval(second)
      second += 1
    }
    wait(until: until) { $0 >= .draining }
    ownNanoseconds = CPUTime.ofThisThread - cpu
    usageAtEnd = probe?.end()
    for loadThread in loadThreads {
      loadThread.control.allowClosing()
      loadThread.wake()
    }
    wait(until: drain + 10_000_000_000) { $0 == .finished }
  }

  private static let handoverTime: UInt64 = 60_000_000

  private var openedSoFar: Int {
    loadThreads.reduce(0) { sum, loadThread in
      sum + loadThread.control.status.withLock { $0.opened }
    }
  }

  private func areAll(_ isReached: (ThreadControl.Phase) -> Bool) -> Bool {
    loadThreads.allSatisfy { isReached($0.control.status.withLock { $0.phase }) }
  }

  /// Waits until a time, or until every load thread has reached a phase.
  private func wait(until time: UInt64, _ isReached: (ThreadControl.Phase) -> Bool) {
    while !areAll(isReached), LoadThreadState.clock < time {
      if stopRequest.wait(until: time) { stop() }
    }
  }

  private func stop() {
    for loadThread in loadThreads {
      // The load threads check for this every 20 ms.
      loadThread.control.stop()
    }
  }

  private func finishInterval(_ second: UInt64) {
    var records = Records()
    for loadThread in loadThreads { loadThread.control.records.collect(into: &records) }
    probe?.watchMemory()
    let latency = records.latency.totalCount > 0 ? records.latency : nil
    let interval = IntervalResult(
      seconds: Double(second), messages: records.messages, p50: latency?.valueAtPercentile(50),
      p99: latency?.valueAtPercentile(99), max: latency?.max, opened: openedSoFar,
      deliveries: plan.options.isFanOut ? records.deliveries : nil)
    intervals.append(interval)
    observer?.interval(interval, of: plan.options, rate: plan.rate)
    total.merge(records)
  }

  private func collect() {
    for loadThread in loadThreads { loadThread.control.records.collect(into: &total) }
  }
}
