// What gives connections their threads: `Reactor` (one thread) or `ThreadPool` (several). A connection
// sees no more of the model than this. A loop is the executor of the tasks that run its handlers.

import LinuxSystem
import Synchronization
import SystemPackage

class EventLoop: TaskExecutor, @unchecked Sendable {
  // Invariant behind @unchecked: subclasses say beside each piece of state which thread may touch it.
  let epoll: Epoll

  /// Whether epoll disarms a descriptor after each event, so that one thread at a time serves it.
  final let isOneShot: Bool

  /// Returns of epoll_wait, and the events that they brought. Written by the loop's threads.
  final let turns = Atomic<Int>(0)
  final let events = Atomic<Int>(0)

  init(isOneShot: Bool) throws(Errno) {
    epoll = try Epoll()
    self.isOneShot = isOneShot
  }

  /// Starts to watch a descriptor for its source. Any thread of the loop.
  func register(
    _ source: any EventSource, _ fd: CInt, _ interest: Readiness
  ) throws(Errno) -> Token { fatalError("abstract") }

  /// A slot for a source without a descriptor: it is only woken and timed. Any thread of the loop.
  func register(_ source: any EventSource) -> Token { fatalError("abstract") }

  /// Forgets the source; events already fetched for it are dropped. Any thread of the loop.
  func deregister(_ token: Token) { fatalError("abstract") }

  /// Sets the source's one timer. Any thread of the loop.
  func setTimer(_ token: Token, at deadline: MonotonicTime) { fatalError("abstract") }

  /// Has `handleWakeup` called soon, on a thread of the loop. Any thread.
  func wake(_ token: Token) { fatalError("abstract") }

  /// Whether a write that may wait for the end of the turn is sent at once all the same. Any thread.
  func sendsAtOnce(_ token: Token) -> Bool { false }

  /// Something was added to what waits for the end of the turn. Any thread.
  func noteCoalesced() {}

  /// Everybody who has a slot. Any thread of the loop.
  var sources: [any EventSource] { fatalError("abstract") }

  /// How many threads are to call `run`.
  var threadCount: Int { 1 }

  /// Runs until `finish`; the calling thread is one of the loop's.
  /// - Parameter report: called when the wait for events has failed, each time. The loop goes on with
  ///   wakeups, timers and jobs, so that its connections can be ended.
  func run(reporting report: (EventLoopError) -> Void) { fatalError("abstract") }

  /// Instead of a wait that has failed: until the loop's own wake-up or the timeout.
  final func waitForWakeUp(_ waker: borrowing Waker, milliseconds: CInt) {
    _ = try? Poll.readable(waker.descriptor, milliseconds: milliseconds)
  }

  /// Ends `run` soon. Any thread of the loop.
  func finish() { fatalError("abstract") }

  /// Whether the caller may use `register`, `deregister` and `setTimer` itself; else it wakeups.
  var isWithinReach: Bool { fatalError("abstract") }

  /// Whether the caller runs on a thread of the loop.
  var isCurrent: Bool { fatalError("abstract") }

  /// The time as the loop last looked at the clock: good enough for deadlines.
  var now: MonotonicTime { .now }

  func enqueue(_ job: consuming ExecutorJob) { fatalError("abstract") }

  final func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
