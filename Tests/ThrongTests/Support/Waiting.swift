// Waiting for a condition with a deadline, and threads for clients that block. Swift's own pool has as
// many threads as the machine has cores: a test that blocked them would hold up what it tests, so test
// bodies run on `TestThread`.

import CEpollShim
import Glibc
import LinuxSystem
import SystemPackage
import Testing

@testable import Throng

/// Thrown where `#expect` cannot be used: on threads that belong to no test.
struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func check(_ condition: Bool, _ text: @autoclosure () -> String) throws {
  if !condition { throw TestFailure(text()) }
}

/// Looks at the condition every millisecond until it holds; throws when the time is over.
func eventually(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () throws -> Bool
) throws {
  let deadline = MonotonicTime.now + limit
  while try !condition() {
    if MonotonicTime.now >= deadline { throw TestFailure("not within \(limit): \(what)") }
    _ = shim_poll_readable(-1, -1, 1)
  }
}

/// Runs the body so many times at once, each on a thread of its own, and returns when all have ended.
/// The first error is thrown.
func concurrently(
  _ count: Int, _ body: @escaping @Sendable (_ index: Int) throws -> Void
) throws {
  struct Outcome {
    var running: Int
    var error: (any Error)?
  }
  let outcome = Monitor(Outcome(running: count))
  for index in 0..<count {
    try Thread.startDetached(stackSize: 512 * 1024) {
      let result = Result { try body(index) }
      outcome.withLock { o in
        o.running -= 1
        if case .failure(let error) = result, o.error == nil { o.error = error }
        outcome.wakeAll()
      }
    }
  }
  let error = outcome.wait { o -> (any Error)?? in o.running == 0 ? .some(o.error) : nil }
  if let error { throw error }
}

extension EventLoop {
  /// Runs the loop on as many threads as it wants, until it is finished.
  func runOnItsThreads() {
    try? concurrently(threadCount) { [self] _ in run { error in fatalError("\(error)") } }
  }

  /// Each wait for events fails from now on with EINVAL: the descriptor of the epoll instance becomes
  /// one of something else. The threads that wait now are woken.
  func breakEvents() throws {
    let event = try Waker()
    try check(dup2(event.descriptor, epoll.descriptor) >= 0, "dup2")
    // It is of no source.
    wake(Token(slot: 0xffff_fffe, generation: 0))
  }
}

/// The thread that test bodies run on, and may block.
final class TestThread: TaskExecutor, Sendable {
  static let shared = TestThread()
  private let jobs = Monitor<[UnownedJob]>([])

  private init() {
    do {
      try Thread.startDetached(stackSize: 8 << 20) { [self] in
        while true {
          let job = jobs.wait { $0.isEmpty ? nil : $0.removeFirst() }
          job.runSynchronously(on: asUnownedTaskExecutor())
        }
      }
    } catch {
      fatalError("no thread for the tests: \(error)")
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    jobs.wakeAll()
  }
}

/// A value that handlers and clients share.
final class Shared<Value: Sendable>: Sendable {
  private let monitor: Monitor<Value>
  init(_ value: Value) { monitor = Monitor(value) }

  var value: Value { monitor.withLock { $0 } }

  @discardableResult
  func change<Result>(_ body: (inout Value) -> Result) -> Result {
    defer { monitor.wakeAll() }
    return monitor.withLock(body)
  }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
