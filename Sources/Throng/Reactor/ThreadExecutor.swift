// The executor of one connection under thread-per-client: the connection's own thread, which runs the
// handler's task and blocks in its calls. When a job is ready (a child task's, say) while all threads
// block, another one is started for it; so blocking never holds up the handler's other tasks.

import DequeModule
import SystemPackage

final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `monitor`.
  private struct State {
    var jobs = Deque<UnownedJob>()
    var threads = 1
    /// Threads inside a blocking call.
    var blocked = 0
    /// Threads that wait for a job.
    var idle = 0
    var isFinished = false
  }

  private let monitor = Monitor(State())
  private let stackSize: Int

  init(stackSize: Int) { self.stackSize = stackSize }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustStart = monitor.withLock { s in
      s.jobs.append(job)
      if s.idle > 0 { monitor.wakeOne() }
      return needsThread(&s)
    }
    if mustStart { startThread() }
  }

  func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// Runs jobs on the calling thread until `finish`.
  func run() {
    while let job = next() {
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// Ends `run`, once the jobs that are ready have run.
  func finish() {
    monitor.withLock { $0.isFinished = true }
    monitor.wakeAll()
  }

  /// Around a call that may block: the other tasks' jobs get another thread meanwhile.
  @inline(__always)
  func blocking<Result>(_ call: () -> Result) -> Result {
    let mustStart = monitor.withLock { s in
      s.blocked += 1
      return needsThread(&s)
    }
    if mustStart { startThread() }
    defer { monitor.withLock { $0.blocked -= 1 } }
    return call()
  }

  /// Whether a job waits and nobody will come for it; counts the thread that is to be started.
  @inline(__always)
  private func needsThread(_ s: inout State) -> Bool {
    guard !s.jobs.isEmpty, s.idle == 0, s.blocked == s.threads || s.isFinished else { return false }
    s.threads += 1
    return true
  }

  private func startThread() {
    do {
      try Thread.startDetached(stackSize: stackSize) { [self] in
        run()
        monitor.withLock { $0.threads -= 1 }
      }
    } catch {
      // The job waits until a thread comes back from its call.
      monitor.withLock { $0.threads -= 1 }
    }
  }

  private func next() -> UnownedJob? {
    monitor.wait { s -> UnownedJob?? in
      if let job = s.jobs.popFirst() { return .some(job) }
      if s.isFinished { return .some(nil) }
      return nil
    } whileWaiting: { s, isWaiting in
      s.idle += isWaiting ? 1 : -1
    }
  }
}
