// What waits for events and runs handlers: `Reactor` (one thread) or `ThreadPool` (several). Connections
// depend on nothing else of the model. An event loop is the executor of its handlers' tasks.

import LinuxSystem
import Synchronization
import SystemPackage

/// What both kinds of event loop have.
class EventLoopCore: @unchecked Sendable {
  // Invariant behind @unchecked: constants and atomics; subclasses say beside their state which thread may
  // touch it.
  final let epoll: Epoll

  /// Whether epoll disarms a descriptor after each event, so that one thread at a time serves it.
  final let isOneShot: Bool

  /// Returns of epoll_wait, and the events that it reported. Written by the loop's threads.
  final let turns = Atomic<Int>(0)
  final let events = Atomic<Int>(0)
  final let turnDurations = DurationRecorder(bounds: DurationHistogram.turnBounds)

  final var turnCount: Int { turns.value }
  final var eventCount: Int { events.value }

  init(isOneShot: Bool) throws(Errno) {
    epoll = try Epoll()
    self.isOneShot = isOneShot
  }
}

protocol EventLoop: EventLoopCore, TaskExecutor {
  /// Starts to watch a descriptor for its source. Any thread of the loop.
  func register(
    _ source: any EventSource, _ fd: CInt, _ interest: Readiness
  ) throws(Errno) -> Token

  /// Registers a source without a descriptor, for wakeups and timers. Any thread of the loop.
  func register(_ source: any EventSource) -> Token

  /// Removes the source; events already fetched for it are dropped. Any thread of the loop.
  func deregister(_ token: Token)

  /// Sets the source's one timer. Any thread of the loop.
  func setTimer(_ token: Token, at deadline: MonotonicTime)

  /// Has `handleWakeup` called soon, on a thread of the loop. Any thread.
  func wake(_ token: Token)

  /// Whether a deferred write is sent now instead of at the end of the turn. Any thread.
  func sendsAtOnce(_ token: Token) -> Bool

  /// A write was added to a deferred one. Any thread.
  func noteCoalesced()

  /// All registered sources. Any thread of the loop.
  var sources: [any EventSource] { get }

  /// How many threads are to call `run`.
  var threadCount: Int { get }

  /// Runs until `finish`; the calling thread becomes one of the loop's.
  /// - Parameter report: called each time that waiting for events has failed. The loop continues with
  ///   wakeups, timers and jobs, so that its connections can be ended.
  func run(reporting report: (EventLoopError) -> Void)

  /// Ends `run` soon. Any thread of the loop.
  func finish()

  /// Whether the caller may use `register`, `deregister` and `setTimer`; otherwise it calls `wake`.
  var isWithinReach: Bool { get }

  /// Whether the caller runs on a thread of the loop.
  var isCurrent: Bool { get }

  /// The time when the loop last looked at the clock: precise enough for deadlines.
  var now: MonotonicTime { get }
}

extension EventLoop {
  func sendsAtOnce(_ token: Token) -> Bool { false }
  func noteCoalesced() {}
  var threadCount: Int { 1 }
  var now: MonotonicTime { .now }

  /// Replaces a wait that has failed: returns after a signal of the waker, or the timeout.
  func waitForWakeUp(_ waker: borrowing Waker, milliseconds: CInt) {
    _ = try? Poll.readable(waker.descriptor, milliseconds: milliseconds)
  }

  func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
