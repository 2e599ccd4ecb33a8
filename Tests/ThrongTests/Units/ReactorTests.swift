// The loop's job queue and its wake-up, and the executor of a thread that blocks.

import CEpollShim
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct Loops {
    private final class Poked: EventSource {
      let count = Atomic<Int>(0)
      let last = Atomic<Bool>(false)
      func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}
      func handleWakeup(now: MonotonicTime) { count.add(1) }
    }

    /// While a loop is busy, whatever others leave for it costs one wake-up.
    @Test func manyMessagesToABusyLoopAreOneWakeUp() throws {
      let reactor = try Reactor()
      let source = Poked()
      let token = reactor.register(source)
      let isBusy = Shared(false)
      let mayGo = Shared(false)
      let isOver = Shared(false)
      TestThread.start {
        reactor.runOnItsThreads()
        isOver.change { $0 = true }
      }
      let blocker = Task(executorPreference: reactor) {
        isBusy.change { $0 = true }
        while !mayGo.value { _ = shim_poll_readable(-1, -1, 1) }
      }
      try eventually("the loop is busy") { isBusy.value }
      let before = reactor.turns.value
      for _ in 0..<1000 { reactor.wake(token) }
      mayGo.change { $0 = true }
      try eventually("all were handled") { source.count.value == 1000 }
      #expect(reactor.turns.value - before <= 2)
      _ = blocker
      Task(executorPreference: reactor) {
        reactor.deregister(token)
        reactor.finish()
      }
      try eventually("the loop has ended") { isOver.value }
    }

    /// Many threads at once: nothing they leave is lost, under either loop.
    @Test(arguments: [0, 1, 2])
    func nothingLeftByOtherThreadsIsLost(_ threads: Int) throws {
      let loop: any EventLoop = threads == 0 ? try Reactor() : try ThreadPool(threads: threads)
      let source = Poked()
      let token = loop.register(source)
      let jobs = Shared(0)
      let isOver = Shared(false)
      TestThread.start {
        loop.runOnItsThreads()
        isOver.change { $0 = true }
      }
      try concurrently(4) { _ in
        for index in 0..<2000 {
          loop.wake(token)
          if index % 10 == 0 {
            Task(executorPreference: loop) { jobs.change { $0 += 1 } }
          }
        }
      }
      try eventually("all were handled") { source.count.value == 8000 && jobs.value == 800 }
      Task(executorPreference: loop) {
        loop.deregister(token)
        loop.finish()
      }
      try eventually("the loop has ended") { isOver.value }
    }

    /// Threads of handlers that the server has given up come back after the loop's end, all at once.
    @Test func whatComesAfterTheEndOfTheLoopIsIgnored() throws {
      let reactor = try Reactor()
      weak var kept: Poked?
      let tokens = (0..<1000).map { _ in
        let source = Poked()
        kept = source
        return reactor.register(source)
      }
      Task(executorPreference: reactor) { reactor.finish() }
      let isOver = Shared(false)
      TestThread.start {
        reactor.run { _ in }
        isOver.change { $0 = true }
      }
      try eventually("the loop has ended") { isOver.value }
      try concurrently(8) { index in
        for token in tokens[index * 125..<(index + 1) * 125] {
          try check(!reactor.isWithinReach, "the state of the loop has no owner any more")
          reactor.wake(token)
          reactor.setTimer(token, at: .now)
          reactor.deregister(token)
        }
      }
      #expect(kept == nil, "nothing would ever release it")
    }

    @Test(arguments: [0, 1, 2])
    func aTimerFiresOnceAndNotEarly(_ threads: Int) throws {
      let loop: any EventLoop = threads == 0 ? try Reactor() : try ThreadPool(threads: threads)
      let source = Poked()
      let token = loop.register(source)
      let isOver = Shared(false)
      let deadline = MonotonicTime.now + .milliseconds(30)
      loop.setTimer(token, at: .now + .seconds(100))
      loop.setTimer(token, at: deadline)
      TestThread.start {
        loop.runOnItsThreads()
        isOver.change { $0 = true }
      }
      try eventually("it fires") { source.count.value > 0 }
      #expect(MonotonicTime.now >= deadline)
      #expect(source.count.value == 1)
      Task(executorPreference: loop) {
        loop.deregister(token)
        loop.finish()
      }
      try eventually("the loop has ended") { isOver.value }
    }

    /// Sets its timer to a time that has come, whenever it fires.
    private final class Restless: EventSource, @unchecked Sendable {
      // Invariant behind @unchecked: `token` is set before the loop runs.
      private let loop: any EventLoop
      private(set) var token = Token(rawValue: .max)
      let count = Atomic<Int>(0)
      let mayRest = Atomic<Bool>(false)

      init(_ loop: any EventLoop) {
        self.loop = loop
        token = loop.register(self)
      }

      func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

      func handleWakeup(now: MonotonicTime) {
        count.add(1)
        if !mayRest.load(ordering: .relaxed) { loop.setTimer(token, at: now) }
      }
    }

    @Test(arguments: [0, 1, 2])
    func aTimerThatIsAlwaysDueHoldsUpNothingElse(_ threads: Int) throws {
      let loop: any EventLoop = threads == 0 ? try Reactor() : try ThreadPool(threads: threads)
      let restless = Restless(loop)
      defer { restless.mayRest.store(true, ordering: .relaxed) }
      let isOver = Shared(false)
      loop.setTimer(restless.token, at: .now)
      TestThread.start {
        loop.runOnItsThreads()
        isOver.change { $0 = true }
      }
      try eventually("it fires again and again") { restless.count.value > 10 }
      Task(executorPreference: loop) {
        loop.deregister(restless.token)
        loop.finish()
      }
      try eventually("the loop has ended") { isOver.value }
    }

    /// A thread that blocks, and a job that the blocked call waits for.
    @Test func aBlockedThreadDoesNotHoldUpItsOtherJobs() throws {
      let executor = ThreadExecutor(stackSize: 256 * 1024)
      let steps = Shared<[String]>([])
      let isOver = Shared(false)
      Task(executorPreference: executor) {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<5 {
            group.addTask {
              executor.blocking {
                try? eventually("the others run", within: .seconds(90)) { steps.value.count == 1 }
              }
            }
          }
          group.addTask { steps.change { $0.append("ran") } }
        }
        executor.finish()
      }
      TestThread.start {
        executor.run()
        isOver.change { $0 = true }
      }
      try eventually("all jobs have run") { isOver.value }
      #expect(steps.value == ["ran"])
      // What comes late is run all the same.
      executor.perform { steps.change { $0.append("late") } }
      try eventually("the late call was made") { steps.value == ["ran", "late"] }
    }

    @Test func aMonitorWakesWhoWaits() throws {
      let monitor = Monitor(0)
      let woken = Shared(0)
      try concurrently(5) { role in
        if role < 4 {
          monitor.wait { $0 >= 10 ? () : nil }
          return woken.change { $0 += 1 }
        }
        for _ in 0..<10 {
          monitor.withLock { $0 += 1 }
          monitor.wakeAll()
        }
      }
      #expect(woken.value == 4)
    }
  }
}
