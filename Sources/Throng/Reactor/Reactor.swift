// One thread, one epoll instance, its timers and its job queue. All of `local` belongs to the thread
// inside `run`; every other thread leaves what it has in `mailbox` and wakes the loop, once for many.
// A turn: wait, serve the events (each with the jobs that it made ready), fire timers, take the mail.

import DequeModule
import Synchronization
import SystemPackage

final class Reactor: Driver, @unchecked Sendable {
  private struct Local {
    var slots = SlotTable()
    var timers = Timers()
    var jobs = Deque<UnownedJob>()
    var pokes: [Token] = []
    var now = MonotonicTime.now
    var isRunning = true
  }

  private struct Mailbox {
    var jobs: [UnownedJob] = []
    var pokes: [Token] = []
    var isSignalled = false
  }

  private static let wakeToken = Token(rawValue: .max)
  private static let eventsPerTurn = 256

  private var local = Local()
  private let mailbox = Mutex(Mailbox())
  private let wakeUp: EventDescriptor
  private let thread = Atomic<UInt>(0)

  init() throws(Errno) {
    wakeUp = try EventDescriptor()
    try super.init(isOneShot: false)
    try epoll.add(wakeUp.descriptor, .readable, Self.wakeToken)
  }

  /// Runs the loop on the calling thread until `finish`.
  override func run() {
    thread.store(Thread.currentID, ordering: .releasing)
    defer { thread.store(0, ordering: .releasing) }
    var batch = EventBatch(capacity: Self.eventsPerTurn)
    var buffer = ReceiveBuffer()
    local.isRunning = true
    local.now = .now
    takeMail()
    runJobs()
    while local.isRunning {
      epoll.wait(&batch, milliseconds: waitTime())
      local.now = .now
      for index in 0..<batch.count {
        serve(batch[index], &buffer)
        if !local.jobs.isEmpty { runJobs() }
      }
      fireTimers()
      attendPoked()
      runJobs()
    }
  }

  /// Ends `run` after the current turn. Only on the loop's thread.
  override func finish() {
    assert(isCurrent)
    local.isRunning = false
  }

  private func waitTime() -> CInt {
    guard local.jobs.isEmpty, local.pokes.isEmpty else { return 0 }
    return local.timers.earliest.pollTimeout(from: local.now)
  }

  @inline(__always)
  private func serve(_ event: (token: Token, readiness: Readiness), _ buffer: inout ReceiveBuffer) {
    if event.token == Self.wakeToken { return takeMail() }
    local.slots[event.token]?.ready(event.readiness, &buffer)
  }

  /// Runs the jobs that are ready now; those that they make ready wait for their turn.
  private func runJobs() {
    for _ in 0..<local.jobs.count {
      guard let job = local.jobs.popFirst() else { return }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  private func fireTimers() {
    while let token = local.timers.popDue(local.now) {
      local.slots[token]?.attend(now: local.now)
    }
  }

  private func attendPoked() {
    guard !local.pokes.isEmpty else { return }
    let pokes = local.pokes
    local.pokes.removeAll(keepingCapacity: true)
    for token in pokes { local.slots[token]?.attend(now: local.now) }
  }

  /// The descriptor is cleared before the flag, so a signal that comes in between is not lost.
  private func takeMail() {
    wakeUp.clear()
    let mail = mailbox.withLock { box in
      let mail = box
      box = Mailbox()
      return mail
    }
    local.jobs.append(contentsOf: mail.jobs)
    local.pokes.append(contentsOf: mail.pokes)
  }

  private func post(_ put: (inout Mailbox) -> Void) {
    let mustSignal = mailbox.withLock { box in
      put(&box)
      defer { box.isSignalled = true }
      return !box.isSignalled
    }
    if mustSignal { wakeUp.signal() }
  }

  // MARK: Driver

  override var isCurrent: Bool { thread.load(ordering: .relaxed) == Thread.currentID }

  override var isWithinReach: Bool { isCurrent || thread.load(ordering: .relaxed) == 0 }

  override var now: MonotonicTime { isCurrent ? local.now : .now }

  override func adopt(
    _ source: any EventSource, _ fd: CInt, _ interest: Readiness
  ) throws(Errno) -> Token {
    let token = local.slots.insert(source)
    do {
      try epoll.add(fd, interest, token)
    } catch {
      local.slots.remove(token)
      throw error
    }
    return token
  }

  override func adopt(_ source: any EventSource) -> Token { local.slots.insert(source) }

  override func release(_ token: Token) {
    local.timers.cancel(token)
    local.slots.remove(token)
  }

  override func setTimer(_ token: Token, at deadline: MonotonicTime) {
    local.timers.set(token, at: deadline)
  }

  override func poke(_ token: Token) {
    if isCurrent {
      local.pokes.append(token)
    } else {
      post { $0.pokes.append(token) }
    }
  }

  override func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      local.jobs.append(job)
    } else {
      post { $0.jobs.append(job) }
    }
  }

  /// Everybody with a slot. Only on the loop's thread.
  override var sources: [any EventSource] { local.slots.sources }
}
