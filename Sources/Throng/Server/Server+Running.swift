// Running a server: every event loop and every worker has a thread of its own, and the thread inside
// `run` supervises them. It waits for signals, for the threads and for the deadline of a stop, takes no
// lock that a handler or a log may hold, and therefore ends in time whatever the other threads do.

import LinuxSystem
import SystemPackage

extension Server {
  /// - Parameters:
  ///   - watch: begins to watch the signals, or does not; if it throws, so does this.
  ///   - start: another way to start threads, for tests.
  func run(
    watching watch: () throws(Errno) -> SignalWatch?,
    starting start: LoopThreads.Start = LoopThreads.startThread
  ) throws(ServerError) {
    if addresses.isEmpty { try listen() }
    let serverLoops = try beginRunning()
    defer { endRunning() }
    var signals: SignalWatch?
    let threads: LoopThreads
    do throws(Errno) {
      signals = try watch()
      threads = try LoopThreads()
    } catch {
      for serverLoop in serverLoops { serverLoop.discard() }
      throw .cannotStart(.supervision, error)
    }
    defer { threads.letGo() }
    try startThreads(of: serverLoops, threads, start)
    logSecurityWarnings()
    if !isCompanion { reportReady() }
    configuration.started?(self)
    try supervise(threads.news, &signals)
  }

  /// Fewer threads than the model has serve as well, but a loop without a thread must not listen.
  private func startThreads(
    of serverLoops: [ServerLoop], _ threads: LoopThreads, _ start: LoopThreads.Start
  ) throws(ServerError) {
    var running: [ServerLoop] = []
    var failure: Errno?
    for serverLoop in serverLoops where failure == nil {
      do throws(Errno) {
        for index in 0..<serverLoop.loop.threadCount {
          try threads.start(serverLoop, by: start)
          if index == 0 { running.append(serverLoop) }
        }
      } catch {
        failure = error
      }
    }
    for serverLoop in serverLoops.dropFirst(running.count) { serverLoop.discard() }
    if let failure {
      let reason = ServerError.cannotStart(.thread, failure)
      if threads.count == 0 { throw reason }
      log.warning("\(reason); serving with fewer threads than the model has: \(threads.count)")
    }
    note(running: running, threadCount: threads.count, threads.news)
  }

  /// Waits for the end of the event loops, and for what stops them.
  private func supervise(
    _ news: LoopThreads.News, _ signals: inout SignalWatch?
  ) throws(ServerError) {
    var shutdown = Shutdown(limits: .init(drain: configuration.drainTimeout))
    var failure: EventLoopError?
    var attempt: UpgradeAttempt?
    while true {
      let now = MonotonicTime.now
      if let stage = shutdown.advance(to: stopAsked, now: now) { requestStop(stage) }
      // In this order: a thread reports its failure before it ends.
      let isOver = news.runningCount == 0 || shutdown.hasEnded
      if failure == nil, let error = news.failure {
        failure = error
        log.error("\(error); stopping the server")
        requestStop(.draining)
      }
      if takeUpgradeRequest() {
        beginUpgrade(&attempt, signals?.maskBefore ?? SignalMask().block())
      }
      continueUpgrade(&attempt, shutdown.stage)
      if isOver { break }
      do throws(EventLoopError) {
        try news.wait(
          orFor: [signals?.descriptor ?? -1, attempt?.descriptor ?? -1],
          until: min(shutdown.deadline, attempt?.deadline ?? .never))
      } catch {
        // Nothing can be waited for any longer.
        failure = failure ?? error
        requestStop(.resetting)
      }
      while let request = signals?.next() { obey(request) }
    }
    try conclude(news, failure)
  }

  private func obey(_ request: SignalWatch.Request) {
    switch request {
    case .drain: requestStop(.draining)
    case .reset: requestStop(.resetting)
    case .metrics: reportMetrics()
    case .upgrade: requestUpgrade()
    case .reload: reloadOnHangUp()
    }
  }

  private func reportMetrics() {
    if let report = configuration.metricsSignalled { return report(metrics) }
    log.notice("\(metrics)")
  }

  private func conclude(
    _ news: LoopThreads.News, _ failure: EventLoopError?
  ) throws(ServerError) {
    if news.runningCount > 0 {
      let error = ServerError.handlersStillRunning(connections: metrics.open)
      log.error("\(error)")
      stopListening()
      if failure == nil { throw error }
    }
    if let failure { throw .eventLoop(failure) }
  }
}
