// The executor of one connection under thread-per-client: the connection's own thread, which runs the
// handler's task and blocks in its calls. When a job is ready (a child task's, say) while all threads
// block, another one is started for it; so blocking never holds up the handler's other tasks. An event
// handler's thread runs callbacks and no jobs: all of those have threads that were started for them.

import LinuxSystem
import Synchronization
import SystemPackage

final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `monitor`, but for `jobEnded`, see there.
  private struct State: ~Copyable {
    var work = Ring<Work>(capacity: 2)
    /// Threads that run jobs.
    var threads: Int
    var threadIDs: [UInt] = []
    /// Threads that wait for a job.
    var idle = 0
    var isFinished = false
  }

  private enum Work {
    case job(UnownedJob)
    case call(@Sendable () -> Void)
  }

  private let monitor: Monitor<State>
  /// Threads inside a blocking call. Beside the lock, because every message changes it: a
  /// blocking thread counts itself before it looks for work; work is added before the count is read.
  private let blocked = Atomic<Int>(0)
  private let waitingWork = Atomic<Int>(0)
  private let stackSize: Int
  /// Called after each job: a task has suspended, or ended. Set before the first thread runs.
  var jobEnded: (@Sendable () -> Void)?

  /// - Parameter hasThread: whether a thread calls `run` from the start.
  init(stackSize: Int, hasThread: Bool = true) {
    self.stackSize = stackSize
    monitor = Monitor(State(threads: hasThread ? 1 : 0))
  }

  func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

  /// Has a thread of the executor make a call, which may block. Any thread.
  func perform(_ call: @escaping @Sendable () -> Void) { add(.call(call)) }

  private func add(_ work: Work) {
    let mustStart = monitor.withLock { s in
      s.work.append(work)
      waitingWork.add(1, ordering: .sequentiallyConsistent)
      if s.idle > 0 { monitor.wakeOne() }
      return needsThread(&s)
    }
    if mustStart { startThread() }
  }

  /// Whether the caller runs on a thread of the executor.
  var isCurrent: Bool {
    let id = Thread.currentID
    return monitor.withLock { $0.threadIDs.contains(id) }
  }

  func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// Runs what is ready on the calling thread until `finish`.
  func run() {
    let id = Thread.currentID
    monitor.withLock { $0.threadIDs.append(id) }
    while let work = next() {
      switch work {
      case .job(let job):
        job.runSynchronously(on: asUnownedTaskExecutor())
        jobEnded?()
      case .call(let call): call()
      }
    }
    monitor.withLock { s in s.threadIDs.removeAll { $0 == id } }
  }

  /// Ends `run`, once the jobs that are ready have run.
  func finish() {
    monitor.withLock { $0.isFinished = true }
    monitor.wakeAll()
  }

  /// Around a call that may block: the other tasks' jobs get another thread meanwhile.
  @inline(__always)
  func blocking<Result>(_ call: () -> Result) -> Result {
    blocked.add(1, ordering: .sequentiallyConsistent)
    if waitingWork.load(ordering: .sequentiallyConsistent) > 0 { callForHelp() }
    defer { blocked.subtract(1, ordering: .sequentiallyConsistent) }
    return call()
  }

  private func callForHelp() {
    if monitor.withLock({ needsThread(&$0) }) { startThread() }
  }

  /// Whether a job waits and no thread will run it; counts the thread that is to be started. Threads
  /// that run no jobs may block besides, hence at least as many.
  private func needsThread(_ s: inout State) -> Bool {
    let blockedCount = blocked.load(ordering: .sequentiallyConsistent)
    guard s.work.count > s.idle, blockedCount + s.idle >= s.threads || s.isFinished else {
      return false
    }
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

  private func next() -> Work? {
    monitor.wait { s -> Work?? in
      if let work = s.work.popFirst() {
        waitingWork.subtract(1, ordering: .sequentiallyConsistent)
        return .some(work)
      }
      if s.isFinished { return .some(nil) }
      return nil
    } whileWaiting: { s, isWaiting in
      s.idle += isWaiting ? 1 : -1
    }
  }
}
