// One thread, one epoll instance, its timers and its job queue. All of `local` belongs to the thread
// inside `run`; every other thread leaves what it has in `mailbox` and wakes the loop, once for many.
// A turn: wait, serve the events (each with the jobs that it made ready), fire timers, take the mail.

import LinuxSystem
import Synchronization
import SystemPackage

final class Reactor: EventLoopCore, EventLoop, @unchecked Sendable {
  private struct Local: ~Copyable {
    var slots = RegistrationTable()
    var timers = Timers()
    var jobs = Ring<UnownedJob>()
    var wakeups = Ring<Token>()
    var now = MonotonicTime.now
    var coalescing = WriteCoalescing()
    var isRunning = true
    var isFiring = false
  }

  private struct Mailbox {
    var jobs: [UnownedJob] = []
    var wakeups: [Token] = []
    var isSignalled = false
    /// The loop has ended: nothing will be handled any more.
    var isClosed = false
  }

  private static let wakerToken = Token(rawValue: .max)
  private static let eventsPerTurn = 256
  /// Maximum wakeups per turn: a large broadcast causes one for each member, and events must be served in
  /// between.
  private static let wakeupsPerTurn = 1024
  /// With at least this many flushes due, checking for events first is cheap, and writes that they cause
  /// are coalesced.
  private static let manyWakeups = 16
  private static let longestPostponement = 3
  /// A turn's end needs a clock reading of its own, so one turn in 64 is measured: a mask.
  private static let unmeasuredTurns = 63

  /// Behind a pointer, because a class's stored properties are checked for exclusive access at run time.
  private let local: UnsafeMutablePointer<Local>
  private let mailbox = Mutex(Mailbox())
  private let waker: Waker
  private let busyPoll: Duration?
  /// The loop's thread; `notStarted` before it runs, `ended` afterwards.
  private let thread = Atomic<UInt>(notStarted)
  private static let notStarted: UInt = 0
  private static let ended = UInt.max
  /// Whether timers fire to within microseconds, not milliseconds.
  private let isPrecise: Bool

  /// - Parameter busyPoll: how long the loop looks for events without sleeping before it sleeps.
  init(busyPoll: Duration? = nil, isPrecise: Bool = false) throws(Errno) {
    self.isPrecise = isPrecise
    self.busyPoll = busyPoll
    local = .allocate(capacity: 1)
    local.initialize(to: Local())
    waker = try Waker()
    try super.init(isOneShot: false)
    try epoll.add(waker.descriptor, .readable, Self.wakerToken)
  }

  deinit {
    local.deinitialize(count: 1)
    local.deallocate()
  }

  /// Runs the loop on the calling thread until `finish`.
  func run(reporting report: (EventLoopError) -> Void) {
    thread.store(Thread.currentID, ordering: .releasing)
    defer { end() }
    var batch = EventBatch(capacity: Self.eventsPerTurn)
    var buffer = ReceiveBuffer()
    local.pointee.isRunning = true
    local.pointee.now = .now
    takeMail()
    runJobs()
    var postponed = 0
    while local.pointee.isRunning {
      wait(&batch, report)
      local.pointee.now = .now
      for index in 0..<batch.count {
        serve(batch[index], &buffer)
        if !local.pointee.jobs.isEmpty { runJobs() }
      }
      if local.pointee.timers.earliest <= local.pointee.now { fireTimers() }
      if batch.count > 0, postponed < Self.longestPostponement,
        local.pointee.wakeups.count >= Self.manyWakeups
      {
        postponed += 1
      } else {
        postponed = 0
        if !local.pointee.wakeups.isEmpty { handleWakeups() }
      }
      if !local.pointee.jobs.isEmpty { runJobs() }
      releaseRemoved()
    }
  }

  /// Ends `run` after the current turn. Only on the loop's thread.
  func finish() {
    assert(isCurrent)
    local.pointee.isRunning = false
  }

  @inline(__always)
  private func wait(_ batch: inout EventBatch, _ report: (EventLoopError) -> Void) {
    if turns.value & Self.unmeasuredTurns == 0 {
      turnDurations.record(from: local.pointee.now, to: .now)
    }
    let milliseconds = waitTime()
    do throws(SystemCallError) {
      var hasEvents = false
      if let busyPoll, milliseconds != 0 { hasEvents = try poll(&batch, for: busyPoll) }
      if !hasEvents { try sleep(&batch, milliseconds) }
    } catch {
      report(EventLoopError(error))
      waitForWakeUp(waker, milliseconds: waitTime())
      takeMail()
    }
    local.pointee.coalescing.beginTurn(eventCount: batch.count)
    // Only this thread writes them.
    turns.store(turns.value + 1, ordering: .relaxed)
    events.store(events.value + batch.count, ordering: .relaxed)
  }

  @inline(__always)
  private func sleep(
    _ batch: inout EventBatch, _ milliseconds: CInt
  ) throws(SystemCallError) {
    let deadline = local.pointee.timers.earliest
    if isPrecise, milliseconds > 0, deadline != .never {
      try epoll.wait(&batch, until: deadline, from: local.pointee.now)
    } else {
      try epoll.wait(&batch, milliseconds: milliseconds)
    }
  }

  /// Trades the processor for the time that sleeping and waking take.
  private func poll(
    _ batch: inout EventBatch, for time: Duration
  ) throws(SystemCallError) -> Bool {
    let end = min(.now + time, local.pointee.timers.earliest)
    repeat {
      try epoll.wait(&batch, milliseconds: 0)
    } while batch.count == 0 && MonotonicTime.now < end
    return batch.count > 0
  }

  @inline(__always)
  private func waitTime() -> CInt {
    guard local.pointee.jobs.isEmpty, local.pointee.wakeups.isEmpty else { return 0 }
    return local.pointee.timers.earliest.pollTimeout(from: local.pointee.now)
  }

  @inline(__always)
  private func serve(_ event: (token: Token, readiness: Readiness), _ buffer: inout ReceiveBuffer) {
    if event.token == Self.wakerToken { return wasWoken(event.readiness) }
    local.pointee.slots.slot(event.token)?.pointee.handleEvents(event.readiness, &buffer)
  }

  /// Runs the jobs that are ready now; those that they make ready wait for their turn.
  private func runJobs() {
    for _ in 0..<local.pointee.jobs.count {
      guard let job = local.pointee.jobs.popFirst() else { return }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  @inline(never)
  private func fireTimers() {
    local.pointee.isFiring = true
    defer { local.pointee.isFiring = false }
    while let slot = local.pointee.timers.popDue(local.pointee.now) {
      guard let token = local.pointee.slots.token(at: slot) else { continue }
      local.pointee.slots.slot(token)?.pointee.handleWakeup(now: local.pointee.now)
    }
  }

  @inline(never)
  private func handleWakeups() {
    if local.pointee.wakeups.count >= Self.manyWakeups { local.pointee.coalescing.noteFlushed() }
    for _ in 0..<min(local.pointee.wakeups.count, Self.wakeupsPerTurn) {
      guard let token = local.pointee.wakeups.popFirst() else { return }
      local.pointee.slots.slot(token)?.pointee.handleWakeup(now: local.pointee.now)
    }
  }

  /// The descriptor is cleared before the flag, so a signal that comes in between is not lost.
  private func takeMail() {
    waker.clear()
    let mail = mailbox.withLock { box in
      let mail = box
      box = Mailbox()
      return mail
    }
    for job in mail.jobs { local.pointee.jobs.append(job) }
    for token in mail.wakeups { local.pointee.wakeups.append(token) }
  }

  private func post(_ put: (inout Mailbox) -> Void) {
    let mustSignal = mailbox.withLock { box in
      put(&box)
      defer { box.isSignalled = true }
      return !box.isSignalled
    }
    if mustSignal, !waker.signal() { wakeWithoutSignal() }
  }

  /// An eventfd can always be written to: watching for that wakes the loop as well. When this fails,
  /// too, the next post tries again.
  private func wakeWithoutSignal() {
    do throws(Errno) {
      try epoll.modify(waker.descriptor, [.readable, .writable], Self.wakerToken)
    } catch {
      mailbox.withLock { $0.isSignalled = false }
    }
  }

  private func wasWoken(_ readiness: Readiness) {
    // When this fails, the next turn tries again: it finds the same event.
    if readiness.contains(.writable) {
      try? epoll.modify(waker.descriptor, .readable, Self.wakerToken)
    }
    takeMail()
  }

  /// Threads of handlers that were given up may outlive the loop: from now on what they ask for is
  /// ignored, and nothing here keeps their connections.
  private func end() {
    thread.store(Self.ended, ordering: .releasing)
    local.pointee.slots = RegistrationTable()
    local.pointee.timers = Timers()
    local.pointee.wakeups = Ring()
    mailbox.withLock { box in
      box.isClosed = true
      box.wakeups = []
    }
  }

  private var hasEnded: Bool { thread.load(ordering: .relaxed) == Self.ended }

  // MARK: EventLoop

  var isCurrent: Bool { thread.load(ordering: .relaxed) == Thread.currentID }

  var isWithinReach: Bool {
    isCurrent || thread.load(ordering: .relaxed) == Self.notStarted
  }

  var now: MonotonicTime { isCurrent ? local.pointee.now : .now }

  func register(
    _ source: any EventSource, _ fd: CInt, _ interest: Readiness
  ) throws(Errno) -> Token {
    let token = local.pointee.slots.insert(source)
    do {
      try epoll.add(fd, interest, token)
    } catch {
      deregister(token)
      throw error
    }
    return token
  }

  func register(_ source: any EventSource) -> Token { local.pointee.slots.insert(source) }

  func deregister(_ token: Token) {
    guard !hasEnded else { return }
    local.pointee.timers.cancel(token)
    local.pointee.slots.remove(token)
    // Within `run` the source may be in the call that ends here, and is released at the end of the turn.
    if !isCurrent { releaseRemoved() }
  }

  private func releaseRemoved() {
    while let source = local.pointee.slots.popRemoved() { _ = source }
  }

  func setTimer(_ token: Token, at deadline: MonotonicTime) {
    guard !hasEnded else { return }
    // While timers fire, one that is set is left to a later turn: it may be due already, again and again.
    let earliest = local.pointee.isFiring ? local.pointee.now + .nanoseconds(1) : deadline
    local.pointee.timers.set(token, at: max(deadline, earliest))
  }

  func wake(_ token: Token) {
    if isCurrent {
      local.pointee.wakeups.append(token)
    } else {
      post { if !$0.isClosed { $0.wakeups.append(token) } }
    }
  }

  func sendsAtOnce(_ token: Token) -> Bool {
    isCurrent
      && local.pointee.coalescing.sendsAtOnce(to: token) {
        !local.pointee.jobs.isEmpty || epoll.hasEvents
      }
  }

  func noteCoalesced() {
    if isCurrent { local.pointee.coalescing.noteCoalesced() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      local.pointee.jobs.append(job)
    } else {
      post { $0.jobs.append(job) }
    }
  }

  /// All registered sources. Only on the loop's thread.
  var sources: [any EventSource] { local.pointee.slots.sources }
}
