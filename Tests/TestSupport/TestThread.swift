// Threads for tests, and for clients that block. Swift's own pool has as many threads as the machine has
// cores: a test that blocked them would hold up what it tests and all other tests, so test bodies that
// block run on threads of their own.

import Foundation
import LinuxSystem
import Testing

/// Threads that test bodies run on, and may block.
package final class TestThread: TaskExecutor, Sendable {
  /// One, for suites that run one test at a time.
  package static let shared = TestThread(count: 1)
  /// For suites whose tests mostly wait for other processes; see ``Testing/Trait/blocking``.
  fileprivate static let several = TestThread(count: 4)

  private let jobs = Shared<[UnownedJob]>([])

  private init(count: Int) {
    for _ in 0..<count {
      Self.start(stackSize: 8 << 20) { [self] in
        while true {
          let job = jobs.wait { $0.isEmpty ? nil : $0.removeFirst() }
          job.runSynchronously(on: asUnownedTaskExecutor())
        }
      }
    }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.change { $0.append(job) }
  }

  /// Runs the body on a detached thread, which is named "test": a thread inherits the name of the thread
  /// that starts it, and the leak check goes by names.
  package static func start(
    stackSize: Int = 512 * 1024, _ body: @escaping @Sendable () -> Void
  ) {
    let thread = Thread {
      // Only the thread itself can do it.
      Thread.current.name = "test"
      body()
    }
    thread.stackSize = stackSize
    thread.start()
  }
}

/// Runs each test of a suite on one of a few threads that may block.
package struct BlockingTests: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(TestThread.several) { try await function() }
  }
}

extension Trait where Self == BlockingTests {
  /// For suites whose tests block their thread.
  package static var blocking: Self { Self() }
}

/// Runs the body this many times at once, each on a thread of its own, and returns when all have ended.
/// The first error is thrown.
package func concurrently(
  _ count: Int, _ body: @escaping @Sendable (_ index: Int) throws -> Void
) throws {
  struct Outcome {
    var running: Int
    var error: (any Error)?
  }
  let outcome = Shared(Outcome(running: count))
  for index in 0..<count {
    TestThread.start {
      let result = Result { try body(index) }
      outcome.change { o in
        o.running -= 1
        if case .failure(let error) = result, o.error == nil { o.error = error }
      }
    }
  }
  let error = outcome.wait { o -> (any Error)?? in o.running == 0 ? .some(o.error) : nil }
  if let error { throw error }
}
