// Watches the programs that serve clients: one thread waits on a descriptor of each process (pidfd_open(2))
// and on its standard error. It sleeps while there is nothing, and lives as long as the process.

import Glibc
import LinuxSystem
import Logging
import Synchronization
import SystemPackage
import Throng

final class Children: Sendable {
  private struct State {
    var children: [UInt64: Child] = [:]
    var lastNumber: UInt64 = 0
    /// Those that have got SIGTERM.
    var terminated: [Child] = []
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
    let number = state.withLock { s in
      s.lastNumber += 1
      s.children[s.lastNumber] = child
      return s.lastNumber
    }
    do throws(Errno) {
      try epoll.add(child.errors.readEnd, .readable, Self.token(number, isErrors: true))
      try epoll.add(child.process.descriptor, .readable, Self.token(number, isErrors: false))
      return child
    } catch {
      epoll.delete(child.errors.readEnd)
      state.withLock { _ = $0.children.removeValue(forKey: number) }
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
    state.withLock { $0.terminated.append(child) }
    waker.signal()
  }

  private static func token(_ number: UInt64, isErrors: Bool) -> Token {
    Token(rawValue: number << 1 | (isErrors ? 1 : 0))
  }

  private func run() {
    var batch = EventBatch(capacity: 64)
    while true {
      do throws(SystemCallError) {
        try epoll.wait(&batch, milliseconds: killTime.pollTimeout(from: .now))
      } catch {
        // The ends of children are looked at all the same, a little later.
        Poll.pause(milliseconds: 100)
        for number in state.withLock({ Array($0.children.keys) }) { handleEnd(of: number) }
      }
      for index in 0..<batch.count { handle(batch[index].token) }
      killDue()
    }
  }

  private func handle(_ token: Token) {
    if token == Self.wakerToken { return waker.clear() }
    let number = token.rawValue >> 1
    guard token.rawValue & 1 == 1 else { return handleEnd(of: number) }
    guard let child = state.withLock({ $0.children[number] }) else { return }
    if !child.readErrors() { epoll.delete(child.errors.readEnd) }
  }

  private func handleEnd(of number: UInt64) {
    guard let child = state.withLock({ $0.children[number] }), child.reapIfEnded() else { return }
    epoll.delete(child.errors.readEnd)
    epoll.delete(child.process.descriptor)
    state.withLock { _ = $0.children.removeValue(forKey: number) }
  }

  private var killTime: MonotonicTime {
    state.withLock { s in s.terminated.reduce(.never) { min($0, $1.killTime) } }
  }

  private func killDue() {
    let now = MonotonicTime.now
    for child in state.withLock({ $0.terminated }) { child.killIfDue(now: now) }
    state.withLock { s in s.terminated.removeAll { $0.killTime == .never } }
  }
}
