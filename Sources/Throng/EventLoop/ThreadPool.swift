// Several threads on one epoll instance. Each descriptor is disarmed by its event (EPOLLONESHOT) until
// its connection is ready for the next, so one worker at a time serves it. What the workers share is
// under `shared`; each has its own receive buffer. A worker takes one event or one job at a time, so a
// handler that blocks holds up its own worker only. Each thread that calls `run` becomes a worker.

import LinuxSystem
import Synchronization
import SystemPackage

final class ThreadPool: EventLoopCore, EventLoop, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `shared` and in atomics.

  private struct Shared: ~Copyable {
    var slots = RegistrationTable()
    var timers = Timers()
    var jobs = Ring<UnownedJob>()
    var events = Ring<(Token, Readiness)>()
    var wakeups = Ring<Token>()
    /// Workers that sleep in epoll_wait.
    var waiting = 0
    /// One of them has been signalled and has not come back yet.
    var isSignalled = false
    var isRunning = true
  }

  private enum Work {
    case job(UnownedJob)
    case event(any EventSource, Readiness)
    case handleWakeup(any EventSource)
    /// Look for events without sleeping.
    case poll
    case sleep(milliseconds: CInt)
    case stop
  }

  /// What a worker has just done that the others are to know.
  private enum Look {
    case none
    case polled
    case slept
    case failed(sleeping: Bool)
  }

  private static let wakerToken = Token(rawValue: .max)
  /// How many jobs a worker runs before it looks for events.
  private static let longestStreak = 16

  private let shared = Mutex(Shared())
  private let waker: Waker
  private let threads: Int
  private let runsCallbacks: Bool
  private let workerCount = Atomic<Int>(0)
  private let workerIDs: UnsafeMutablePointer<Atomic<UInt>>

  /// - Parameter runsCallbacks: an event handler's callbacks run on the workers, outside of any task.
  init(threads: Int, runsCallbacks: Bool = false) throws(Errno) {
    self.threads = threads
    self.runsCallbacks = runsCallbacks
    waker = try Waker()
    workerIDs = .allocate(capacity: threads)
    for index in 0..<threads { (workerIDs + index).initialize(to: Atomic(0)) }
    try super.init(isOneShot: true)
    // Edge-triggered: each signal wakes one worker, and need not be cleared.
    try epoll.add(waker.descriptor, [.readable, .edgeTriggered], Self.wakerToken)
  }

  deinit { workerIDs.deallocate() }

  var threadCount: Int { threads }

  func run(reporting report: (EventLoopError) -> Void) {
    let index = workerCount.wrappingAdd(1, ordering: .relaxed).oldValue
    precondition(index < threads, "more threads than the pool was made for")
    workerIDs[index].store(Thread.currentID, ordering: .relaxed)
    defer { workerIDs[index].store(0, ordering: .relaxed) }
    // A batch larger than one saves calls; the rest of it goes to the shared queue, for any worker.
    var batch = EventBatch(capacity: threads == 1 ? 256 : 8)
    var buffer = ReceiveBuffer()
    var streak = 0
    var look = Look.none
    while true {
      let work = next(look, &batch, &streak)
      look = .none
      switch work {
      case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .event(let source, let readiness): source.handleEvents(readiness, &buffer)
      case .handleWakeup(let source): source.handleWakeup(now: .now)
      case .poll: look = fetch(&batch, milliseconds: 0, sleeping: false, report)
      case .sleep(let milliseconds):
        look = fetch(&batch, milliseconds: milliseconds, sleeping: true, report)
      case .stop: return wake()
      }
    }
  }

  /// Shares what the worker has fetched, and takes what it does next.
  @inline(__always)
  private func next(_ look: Look, _ batch: inout EventBatch, _ streak: inout Int) -> Work {
    var mustSignal = false
    let work = shared.withLock { s -> Work in
      if note(look, &s) {
        for index in 0..<batch.count { share(batch[index], &s) }
        takeDueTimers(&s)
      }
      let work = take(&s, &streak)
      mustSignal = hasWork(s) && shouldSignal(&s)
      return work
    }
    if mustSignal { wake() }
    return work
  }

  /// Wakes a worker. An eventfd can always be written to: watching for that wakes one as well. When this
  /// fails, too, what is left for the workers next tries again.
  private func wake() {
    if waker.signal() { return }
    do throws(Errno) {
      try epoll.modify(waker.descriptor, [.readable, .writable, .edgeTriggered], Self.wakerToken)
    } catch {
      shared.withLock { $0.isSignalled = false }
    }
  }

  @inline(__always)
  private func take(_ s: inout Shared, _ streak: inout Int) -> Work {
    guard s.isRunning else { return .stop }
    if streak < Self.longestStreak, let job = s.jobs.popFirst() {
      streak += 1
      return .job(job)
    }
    // After a streak: one wakeup, and one event or a look for events, however many wakeups there are.
    while streak <= Self.longestStreak, let token = s.wakeups.popFirst() {
      guard let source = s.slots[token] else { continue }
      streak = streak < Self.longestStreak ? 0 : Self.longestStreak + 1
      return .handleWakeup(source)
    }
    streak = 0
    while let (token, readiness) = s.events.popFirst() {
      if let source = s.slots[token] { return .event(source, readiness) }
    }
    guard s.jobs.isEmpty, s.wakeups.isEmpty else { return .poll }
    s.waiting += 1
    let earliest = s.timers.earliest
    return .sleep(milliseconds: earliest == .never ? -1 : earliest.pollTimeout(from: .now))
  }

  private func fetch(
    _ batch: inout EventBatch, milliseconds: CInt, sleeping: Bool,
    _ report: (EventLoopError) -> Void
  ) -> Look {
    var look = sleeping ? Look.slept : .polled
    do throws(SystemCallError) {
      try epoll.wait(&batch, milliseconds: milliseconds)
    } catch {
      look = .failed(sleeping: sleeping)
      report(EventLoopError(error))
      // The report itself may have left work, which this worker takes next without being woken.
      let hasMore = shared.withLock { hasWork($0) }
      waitForWakeUp(waker, milliseconds: hasMore ? 0 : milliseconds)
      waker.clear()
    }
    turns.add(1)
    events.add(batch.count)
    return look
  }

  /// - Returns: whether the worker has looked for events.
  @inline(__always)
  private func note(_ look: Look, _ s: inout Shared) -> Bool {
    switch look {
    case .none: return false
    case .polled: break
    case .slept: s.waiting -= 1
    case .failed(let sleeping):
      if sleeping { s.waiting -= 1 }
      s.isSignalled = false
    }
    return true
  }

  @inline(__always)
  private func share(_ event: (token: Token, readiness: Readiness), _ s: inout Shared) {
    if event.token == Self.wakerToken {
      s.isSignalled = false
    } else {
      s.events.append(event)
    }
  }

  @inline(__always)
  private func takeDueTimers(_ s: inout Shared) {
    guard s.timers.count > 0 else { return }
    let now = MonotonicTime.now
    while let slot = s.timers.popDue(now) {
      if let token = s.slots.token(at: slot) { s.wakeups.append(token) }
    }
  }

  private func hasWork(_ s: borrowing Shared) -> Bool {
    !s.jobs.isEmpty || !s.events.isEmpty || !s.wakeups.isEmpty
  }

  /// Whether to wake a sleeping worker; notes that it is being done, once for many.
  private func shouldSignal(_ s: inout Shared) -> Bool {
    guard s.waiting > 0, !s.isSignalled else { return false }
    s.isSignalled = true
    return true
  }

  // MARK: EventLoop

  func finish() {
    shared.withLock { $0.isRunning = false }
    wake()
  }

  var isCurrent: Bool {
    let id = Thread.currentID
    for index in 0..<threads where workerIDs[index].load(ordering: .relaxed) == id { return true }
    return false
  }

  var isWithinReach: Bool { true }

  func register(
    _ source: any EventSource, _ fd: CInt, _ interest: Readiness
  ) throws(Errno) -> Token {
    let token = register(source)
    do {
      try epoll.add(fd, interest, token)
    } catch {
      deregister(token)
      throw error
    }
    return token
  }

  func register(_ source: any EventSource) -> Token {
    shared.withLock { $0.slots.insert(source) }
  }

  func deregister(_ token: Token) {
    let removed = shared.withLock { s in
      s.timers.cancel(token)
      s.slots.remove(token)
      return s.slots.popRemoved()
    }
    // Released here, outside of the lock.
    _ = removed
  }

  func setTimer(_ token: Token, at deadline: MonotonicTime) {
    let mustSignal = shared.withLock { s in
      let before = s.timers.earliest
      s.timers.set(token, at: deadline)
      // A worker that sleeps until later must look again.
      return s.timers.earliest < before && shouldSignal(&s)
    }
    if mustSignal { wake() }
  }

  func wake(_ token: Token) { post { $0.wakeups.append(token) } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    post { $0.jobs.append(job) }
  }

  /// One thing that a worker leaves it takes next itself; for more it wakes another. From within a task
  /// or a callback it wakes another at once: that goes on afterwards, and may block.
  private func post(_ put: (inout Shared) -> Void) {
    let takesNext = !runsCallbacks && isCurrent && CurrentTask.id == 0
    let mustSignal = shared.withLock { s in
      put(&s)
      return (!takesNext || s.jobs.count + s.wakeups.count > 1) && shouldSignal(&s)
    }
    if mustSignal { wake() }
  }

  var sources: [any EventSource] { shared.withLock { $0.slots.sources } }
}
