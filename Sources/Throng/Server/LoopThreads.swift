// The threads that run a server's event loops. The thread inside `Server.run` starts them and waits for
// news of them; it never waits for a thread without a deadline, because a handler may block it. A thread
// that comes back after the server has given it up finds all that it uses still there.

import LinuxSystem
import Synchronization
import SystemPackage

final class LoopThreads {
  /// What starts a thread. Tests have another.
  typealias Start =
    @Sendable (_ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread

  /// What the threads tell. They share it with the supervising thread and may outlive that.
  final class News: Sendable {
    private struct State {
      var isRunning: [Bool] = []
      var failure: EventLoopError?
    }

    private let state = Mutex(State())
    private let event: Waker

    init() throws(Errno) { event = try Waker() }

    /// How many threads have not ended.
    var runningCount: Int { state.withLock { $0.isRunning.count { $0 } } }
    /// Why the first event loop that has failed did so.
    var failure: EventLoopError? { state.withLock { $0.failure } }

    fileprivate func isRunning(_ index: Int) -> Bool { state.withLock { $0.isRunning[index] } }
    fileprivate func willStart() { state.withLock { $0.isRunning.append(true) } }
    fileprivate func didNotStart() { state.withLock { _ = $0.isRunning.removeLast() } }

    fileprivate func hasEnded(_ index: Int) {
      state.withLock { $0.isRunning[index] = false }
      event.signal()
    }

    func note(_ error: EventLoopError) {
      state.withLock { s in
        if s.failure == nil { s.failure = error }
      }
      event.signal()
    }

    /// Ends the wait of the supervising thread.
    func wake() { event.signal() }

    /// Waits until there is news or one of the descriptors is readable, or the deadline has come.
    func wait(orFor others: [CInt], until deadline: MonotonicTime) throws(EventLoopError) {
      let timeout = deadline.pollTimeout(from: .now)
      defer { event.clear() }
      do throws(Errno) {
        try Poll.anyReadable([event.descriptor] + others, milliseconds: timeout)
      } catch .interrupted {
      } catch {
        throw EventLoopError(call: "poll", errno: error)
      }
    }
  }

  /// As large as that of a main thread; only the pages that are touched cost memory.
  private static let stackSize = 8 << 20

  let news: News
  private var threads: [RunningThread] = []

  init() throws(Errno) { news = try News() }

  var count: Int { threads.count }

  /// Starts one of the threads that the event loop needs.
  func start(_ serverLoop: ServerLoop, by start: Start) throws(Errno) {
    let index = threads.count
    news.willStart()
    do {
      let thread = try start { [news] in
        serverLoop.service.prepare()
        serverLoop.loop.run { error in
          news.note(error)
          serverLoop.loopHasFailed()
        }
        news.hasEnded(index)
      }
      threads.append(RunningThread(thread))
    } catch {
      news.didNotStart()
      throw error
    }
  }

  @Sendable static func startThread(
    _ body: @escaping @Sendable () -> Void
  ) throws(Errno) -> Thread { try Thread(stackSize: stackSize, body) }

  /// Waits for the last moments of the threads that have ended, and lets the others be.
  func letGo() {
    for (index, thread) in threads.enumerated() {
      thread.release(hasEnded: !news.isRunning(index))
    }
  }
}

/// A thread in an array.
private final class RunningThread {
  private var thread: Thread?

  init(_ thread: consuming Thread) { self.thread = consume thread }

  func release(hasEnded: Bool) {
    guard let thread = thread.take() else { return }
    if hasEnded { thread.join() } else { thread.detach() }
  }
}
