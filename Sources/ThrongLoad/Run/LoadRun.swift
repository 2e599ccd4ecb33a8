// One run: starts the load threads, tells them the times, collects their records, and waits for
// their end.
// Runs on the coordinating thread, which sleeps in poll(2) meanwhile.

import LinuxSystem
import SystemPackage
import Throng

/// What the runs of a benchmark share.
struct RunContext {
  let options: LoadOptions
  let address: SocketAddress
  let security: ClientTransportSecurity?
  let stopRequest: StopRequest
  let probe: ServerProbe?
  let observer: (any LoadObserver)?
}

final class LoadRun {
  private let plan: RunPlan
  private let context: RunContext
  private let loadThreads: [any LoadThread]
  private var total = Records()
  private var intervals: [IntervalResult] = []
  private var usageAtStart: ProcessUsage?
  private var usageAtEnd: ProcessUsage?
  /// CPU time of the coordinating thread within the measured time, in nanoseconds.
  private var ownNanoseconds: UInt64 = 0
  private var startTime: UInt64 = 0
  private var openingSeconds: Double?

  /// - Parameter rate: messages per second of the open loop.
  init(_ context: RunContext, rate: Double?) {
    self.context = context
    plan = RunPlan(
      context.options, address: context.address, security: context.security, rate: rate)
    loadThreads = Self.makeLoadThreads(plan, context.stopRequest.changed)
  }

  func run() throws(LoadError) -> RunResult {
    context.probe?.prepare()
    startTime = LoadThreadState.clock
    try startThreads(loadThreads[...])
    for loadThread in loadThreads { loadThread.tearDown() }
    for loadThread in loadThreads { loadThread.control.records.collect(into: &total) }
    return RunReport(
      plan: plan, total: total, statuses: loadThreads.map { $0.control.status.withLock { $0 } },
      intervals: intervals, openingSeconds: openingSeconds, ownNanoseconds: ownNanoseconds,
      probe: context.probe, wasStopped: context.stopRequest.isRequested,
      usage: usageAtStart.flatMap { start in usageAtEnd.map { (start, $0) } }
    ).result
  }

  private static func makeLoadThreads(_ plan: RunPlan, _ changed: SharedEvent) -> [any LoadThread] {
    let threads = plan.options.threads
    let progress = plan.load.fanOut.map { FanOutProgress(plan, $0) }
    var loadThreads: [any LoadThread] = (0..<threads).map { index in
      if let progress {
        FanOutThread(plan, progress: progress, index: index, changed: changed)
      } else {
        EchoThread(plan, index: index, changed: changed)
      }
    }
    if plan.slowConnections > 0 {
      loadThreads.append(SlowReaders(plan, fanOut: progress, changed: changed))
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
        loadThread.control.isStopping.set()
        loadThread.control.mayClose.set()
      }
      failure = error
    }
    thread.join()
    if let failure = failure ?? loadThread.failure { throw failure }
  }

  private func coordinate() {
    wait(until: .max) { $0 >= .ready }
    openingSeconds = plan.load.isChurn ? nil : Double(LoadThreadState.clock - startTime) / 1e9
    let begin = LoadThreadState.clock + 1_000_000
    let from = begin + UInt64(plan.load.isIdle ? 0 : plan.options.warmup.nanoseconds)
    let until = from + UInt64(plan.options.duration.nanoseconds)
    let drain = until + plan.timeout
    let times = RunTimes(
      begin: begin, measureFrom: from, measureUntil: until, drainUntil: drain)
    for loadThread in loadThreads {
      loadThread.control.times.withLock { $0 = times }
      loadThread.wake()
    }
    wait(until: from) { $0 >= .draining }
    usageAtStart = context.probe?.begin()
    let cpu = CPUTime.ofThisThread
    watchIntervals(from, until)
    ownNanoseconds = CPUTime.ofThisThread - cpu
    usageAtEnd = context.probe?.end()
    for loadThread in loadThreads {
      loadThread.control.mayClose.set()
      loadThread.wake()
    }
    wait(until: drain + 10_000_000_000) { $0 == .finished }
  }

  private static let second: UInt64 = 1_000_000_000
  /// The load threads hand over on the second and check the clock every 20 ms.
  private static let handoverTime: UInt64 = 60_000_000
  /// A shorter rest at the end is not an interval.
  private static let shortestInterval: UInt64 = 10_000_000

  private func watchIntervals(_ from: UInt64, _ until: UInt64) {
    var start = from
    while start + Self.shortestInterval <= until, !areAll({ $0 >= .draining }) {
      let end = min(start + Self.second, until)
      wait(until: end + Self.handoverTime) { $0 >= .draining }
      let actualEnd = min(end, LoadThreadState.clock)
      if actualEnd >= start + Self.shortestInterval { finishInterval(from, start, actualEnd) }
      start = end
    }
    wait(until: until) { $0 >= .draining }
  }

  private func finishInterval(_ from: UInt64, _ start: UInt64, _ end: UInt64) {
    var records = Records()
    for loadThread in loadThreads { loadThread.control.records.collect(into: &records) }
    context.probe?.watchMemory()
    let latency = records.latency.totalCount > 0 ? records.latency : nil
    let interval = IntervalResult(
      seconds: Double(end - from) / 1e9, messages: records.messages,
      messagesPerSecond: Double(records.messages) / (Double(end - start) / 1e9),
      p50: latency?.valueAtPercentile(50), p99: latency?.valueAtPercentile(99), max: latency?.max,
      opened: loadThreads.reduce(0) { $0 + $1.control.status.withLock { $0.opened } },
      deliveries: plan.load.fanOut == nil ? nil : records.deliveries)
    intervals.append(interval)
    context.observer?.interval(interval, of: plan.options)
    total.merge(records)
  }

  private func areAll(_ isReached: (ThreadControl.Phase) -> Bool) -> Bool {
    loadThreads.allSatisfy { isReached($0.control.status.withLock { $0.phase }) }
  }

  /// Waits until a time, or until every load thread has reached a phase.
  private func wait(until time: UInt64, _ isReached: (ThreadControl.Phase) -> Bool) {
    while !areAll(isReached), LoadThreadState.clock < time {
      guard context.stopRequest.wait(until: time) else { continue }
      // The load threads check for this every 20 ms.
      for loadThread in loadThreads { loadThread.control.isStopping.set() }
    }
  }
}
