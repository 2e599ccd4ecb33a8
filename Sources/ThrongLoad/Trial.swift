// One measurement: starts the workers' threads, tells them the times, collects what they record, and
// waits for their end. Runs on the coordinating thread, which sleeps in poll(2) meanwhile.

import CEpollShim
import SystemPackage
import Throng

final class Trial {
  private let plan: WorkerPlan
  private let watch: RunWatch
  private let probe: ServerProbe?
  private let observer: (any LoadObserver)?
  private var workers: [TrialWorker] = []
  private var total = Records()
  private var intervals: [IntervalResult] = []
  private var times: TrialTimes?
  private var usageAtStart: ProcessUsage?
  private var usageAtEnd: ProcessUsage?
  /// CPU time of this thread while it was measured.
  private var ownNanoseconds: UInt64 = 0
  private var startTime: UInt64 = 0
  private var openingSeconds: Double?

  init(
    _ options: LoadOptions, address: SocketAddress, rate: Double?, watch: RunWatch,
    probe: ServerProbe?, observer: (any LoadObserver)?
  ) {
    plan = WorkerPlan(options, address: address, rate: rate)
    self.watch = watch
    self.probe = probe
    self.observer = observer
  }

  func run() throws(LoadError) -> TrialResult {
    workers = makeWorkers()
    probe?.prepare()
    startTime = TrialWorker.clock
    do {
      try startThreads(workers[...])
    } catch {
      let remedy = error is EventLoopError ? "" : " (raise the limits with ulimit -n and -u)"
      throw .system("cannot run the generator: \(error)\(remedy)")
    }
    for worker in workers { worker.tearDown() }
    collect()
    return TrialReport(
      plan: plan, total: total, statuses: workers.map { $0.control.status.withLock { $0 } },
      intervals: intervals, openingSeconds: openingSeconds, ownNanoseconds: ownNanoseconds,
      probe: probe,
      wasStopped: watch.isStopping,
      usage: usageAtStart.flatMap { start in usageAtEnd.map { (start, $0) } }
    ).result
  }

  private func makeWorkers() -> [TrialWorker] {
    let threads = plan.options.threads
    if plan.options.isFanOut {
      let board = FanOutBoard(plan)
      var workers: [TrialWorker] = (0..<threads).map {
        FanOutWorker(plan, board: board, index: $0, changed: watch.changed)
      }
      if plan.slowConnections > 0 {
        workers.append(FanOutSleepers(plan, board: board, changed: watch.changed))
      }
      return workers
    }
    var workers: [TrialWorker] = (0..<threads).map {
      LoadWorker(plan, index: $0, changed: watch.changed)
    }
    if plan.slowConnections > 0 {
      workers.append(SlowCrowd(plan, index: threads, changed: watch.changed))
    }
    return workers
  }

  /// Starts a thread for each worker, coordinates them once all run, and joins them.
  private func startThreads(_ rest: ArraySlice<TrialWorker>) throws {
    guard let worker = rest.first else { return coordinate() }
    let thread = try Thread(stackSize: 1 << 20) { worker.runToTheEnd() }
    var failure: (any Error)?
    do {
      try startThreads(rest.dropFirst())
    } catch {
      for worker in workers {
        worker.control.stop()
        worker.control.allowClosing()
      }
      failure = error
    }
    thread.join()
    if let failure { throw failure }
    if let failure = worker.failure { throw failure }
  }

  private func coordinate() {
    wait(until: .max) { $0 >= .ready }
    openingSeconds = plan.isChurn ? nil : Double(TrialWorker.clock - startTime) / 1e9
    let begin = TrialWorker.clock + 1_000_000
    let from = begin + UInt64(plan.isIdle ? 0 : plan.options.warmup.nanoseconds)
    let until = from + UInt64(plan.options.duration.nanoseconds)
    let drain = until + UInt64(plan.options.timeout.nanoseconds)
    let times = TrialTimes(
      begin: begin, measureFrom: from, measureUntil: until, drainUntil: drain)
    for worker in workers {
      worker.control.times.withLock { $0 = times }
      worker.wake()
    }
    wait(until: from) { $0 >= .draining }
    usageAtStart = probe?.begin()
    let cpu = shim_thread_nanoseconds()
    var second: UInt64 = 1
    while from + second * 1_000_000_000 <= until, !areAll({ $0 >= .draining }) {
      // The workers hand over on the second, and look at the clock every 20 ms.
      wait(until: from + second * 1_000_000_000 + Self.handoverTime) { $0 >= .draining }
      finishInterval(second)
      second += 1
    }
    wait(until: until) { $0 >= .draining }
    ownNanoseconds = shim_thread_nanoseconds() - cpu
    usageAtEnd = probe?.end()
    for worker in workers {
      worker.control.allowClosing()
      worker.wake()
    }
    wait(until: drain + 10_000_000_000) { $0 == .finished }
  }

  private static let handoverTime: UInt64 = 60_000_000

  private var openedSoFar: Int {
    workers.reduce(0) { sum, worker in sum + worker.control.status.withLock { $0.opened } }
  }

  private func areAll(_ isReached: (WorkerControl.Phase) -> Bool) -> Bool {
    workers.allSatisfy { isReached($0.control.status.withLock { $0.phase }) }
  }

  /// Sleeps until the time, or until every worker has come so far.
  private func wait(until time: UInt64, _ isReached: (WorkerControl.Phase) -> Bool) {
    while !areAll(isReached), TrialWorker.clock < time {
      if watch.wait(until: time) { stop() }
    }
  }

  private func stop() {
    for worker in workers {
      // They look every 20 ms.
      worker.control.stop()
    }
  }

  private func finishInterval(_ second: UInt64) {
    var records = Records()
    for worker in workers { worker.control.records.collect(into: &records) }
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
    for worker in workers { worker.control.records.collect(into: &total) }
  }
}
