// Watches the programs that serve clients: one thread waits on a descriptor of each process (pidfd_open(2)),
// on its standard error and on the pipes that handlers copy through. It sleeps while there is nothing, and
// lives as long as the process.

import Glibc
import LinuxSystem
import Logging
import Synchronization
import SystemPackage
import Throng

final class Children: Sendable {
  private enum Source {
    case end(Child)
    case errors(Child)
    case pipe(ProgramPipe)
  }

  private struct State {
    var sources: [UInt64: Source] = [:]
    var lastNumber: UInt64 = 0
    /// Those with a deadline.
    var timed: [Child] = []
  }

  private let epoll: Epoll
  private let waker: Waker
  private let state = Mutex(State())

  private static let wakerToken = Token(rawValue: .max)

  init() throws(Errno) {
    epoll = try Epoll()
    waker = try Waker()
    try epoll.add(waker.descriptor, .readable, Self.wakerToken)
    // Its own reference keeps this alive.
    try Thread.startWithoutSignals(stackSize: 1 << 20) { self.run() }
  }

  /// Takes over a process that was just started.
  /// - Throws: `Errno` when it cannot be watched; it was killed then.
  func watch(
    _ identifier: pid_t, errors: consuming Pipe, connection: Int, _ log: Logger
  ) throws(Errno) -> Child {
    guard let process = ProcessDescriptor(pid: identifier) else {
      throw Self.killed(identifier, .tooManyOpenFiles)
    }
    let child = Child(identifier, process, errors: errors, connection: connection, log)
    do throws(Errno) {
      let number = try add(.errors(child), child.errors.readEnd, .readable)
      do throws(Errno) {
        _ = try add(.end(child), child.process.descriptor, .readable)
      } catch {
        forget(number, child.errors.readEnd)
        throw error
      }
      return child
    } catch {
      throw Self.killed(identifier, error)
    }
  }

  private static func killed(_ identifier: pid_t, _ error: Errno) -> Errno {
    kill(-identifier, SIGKILL)
    var status: CInt = 0
    waitpid(identifier, &status, 0)
    return error
  }

  /// Ends the process group of a child. Any thread.
  func terminate(_ child: Child) {
    child.terminate(now: .now)
    noteDeadline(of: child)
    waker.signal()
  }

  // MARK: Pipes

  /// Has `ProgramPipe.becameReady` called once.
  /// - Parameter number: what the pipe was known by before; nil at first.
  /// - Returns: what it is known by until `forget`.
  func wait(
    for readiness: Readiness, of descriptor: CInt, _ pipe: ProgramPipe, _ number: UInt64?
  ) throws(Errno) -> UInt64 {
    let interest = readiness.union(.oneShot)
    guard let number else { return try add(.pipe(pipe), descriptor, interest) }
    try epoll.modify(descriptor, interest, Token(rawValue: number))
    return number
  }

  func forget(_ number: UInt64, _ descriptor: CInt) {
    epoll.delete(descriptor)
    state.withLock { _ = $0.sources.removeValue(forKey: number) }
  }

  // MARK: The thread

  private func run() {
    var batch = EventBatch(capacity: 64)
    while true {
      let deadline = state.withLock { s in s.timed.reduce(.never) { min($0, $1.deadline) } }
      do throws(SystemCallError) {
        try epoll.wait(&batch, milliseconds: deadline.pollTimeout(from: .now))
      } catch {
        // What has happened is looked for all the same, a little later.
        Poll.pause(milliseconds: 100)
        for number in state.withLock({ Array($0.sources.keys) }) { handle(number) }
      }
      for index in 0..<batch.count { handle(batch[index].token.rawValue) }
      handleDeadlines()
    }
  }

  private func handle(_ number: UInt64) {
    if number == Self.wakerToken.rawValue { return waker.clear() }
    switch state.withLock({ $0.sources[number] }) {
    case nil: break
    case .pipe(let pipe): pipe.becameReady()
    case .errors(let child):
      if !child.readErrors() { forget(number, child.errors.readEnd) }
      advance(child)
    case .end(let child):
      // What it has written before it ended, and whether it was the last that had its standard error.
      _ = child.readErrors()
      advance(child)
      if child.end != nil { forget(number, child.process.descriptor) }
    }
  }

  private func advance(_ child: Child) {
    if child.advance(now: .now) {
      // Of a group that was ended, a process outside of it may still have the standard error.
      let numbers = state.withLock { s in
        s.sources.compactMap { (number, source) -> UInt64? in
          if case .errors(let other) = source, other === child { number } else { nil }
        }
      }
      for number in numbers { forget(number, child.errors.readEnd) }
    } else {
      noteDeadline(of: child)
    }
  }

  private func noteDeadline(of child: Child) {
    guard child.deadline < .never else { return }
    state.withLock { s in
      if !s.timed.contains(where: { $0 === child }) { s.timed.append(child) }
    }
  }

  private func handleDeadlines() {
    let now = MonotonicTime.now
    for child in state.withLock({ $0.timed }) where child.deadline <= now { advance(child) }
    state.withLock { s in s.timed.removeAll { $0.deadline == .never } }
  }

  private func add(
    _ source: Source, _ descriptor: CInt, _ interest: Readiness
  ) throws(Errno) -> UInt64 {
    let number = state.withLock { s in
      s.lastNumber += 1
      s.sources[s.lastNumber] = source
      return s.lastNumber
    }
    do throws(Errno) {
      try epoll.add(descriptor, interest, Token(rawValue: number))
      return number
    } catch {
      state.withLock { _ = $0.sources.removeValue(forKey: number) }
      throw error
    }
  }
}
