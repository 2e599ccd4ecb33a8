// One program and its process group. The program's end is waited for by the handler of its connection;
// `Children` notes it on its thread, and reads the program's standard error there.
//
// The group keeps its number, the program's process id, while it has a member; afterwards the kernel gives
// the number away only when it has gone through all others, so that a signal that follows a look at the
// group reaches no other group.

import Glibc
import LinuxSystem
import Logging
import Synchronization

final class Child: Sendable {
  enum Phase: Int, Sendable {
    case running
    /// The program has ended, and processes that it has started go on.
    case survived
    /// None of its processes run, or only those that have left its group and have closed its standard error.
    case over
  }

  private struct State {
    var phase = Phase.running
    var end: ProcessEnd?
    var errorsHaveEnded = false
    /// SIGTERM was sent.
    var isTerminated = false
    /// When the process group gets SIGKILL.
    var killTime = MonotonicTime.never
    /// When to see whether the process group has ended, of which no event tells.
    var lookTime = MonotonicTime.never
    var lookInterval = Child.firstLookInterval
    var waiter: (past: Phase, continuation: CheckedContinuation<Phase, Never>)?
  }

  let process: ProcessDescriptor
  let errors: Pipe
  let metadata: Logger.Metadata
  private let identifier: pid_t
  private let errorLog: ErrorLog
  private let state = Mutex(State())

  /// How long a program may take to end after SIGTERM.
  private static let terminationTime = Duration.milliseconds(500)
  private static let firstLookInterval = Duration.milliseconds(20)
  private static let longestLookInterval = Duration.seconds(1)

  init(
    _ identifier: pid_t, _ process: consuming ProcessDescriptor, errors: consuming Pipe,
    connection: Int, _ log: Logger
  ) {
    self.identifier = identifier
    self.process = process
    self.errors = errors
    metadata = ["connection": "\(connection)", "pid": "\(identifier)"]
    errorLog = ErrorLog(log, metadata)
  }

  /// How the program has ended; nil while it runs.
  var end: ProcessEnd? { state.withLock { $0.end } }

  /// Waits until the phase has ended. For one task.
  /// - Returns: the phase that has followed.
  func wait(past phase: Phase) async -> Phase {
    await withCheckedContinuation { continuation in
      let reached: Phase? = state.withLock { s in
        if s.phase.rawValue > phase.rawValue { return s.phase }
        s.waiter = (phase, continuation)
        return nil
      }
      if let reached { continuation.resume(returning: reached) }
    }
  }

  /// When to call `advance` although no event has come.
  var deadline: MonotonicTime { state.withLock { min($0.killTime, $0.lookTime) } }

  /// Sends SIGTERM to the process group, and has SIGKILL follow.
  func terminate(now: MonotonicTime) {
    state.withLock { s in
      guard s.phase != .over, !s.isTerminated else { return }
      s.isTerminated = true
      s.killTime = now + Self.terminationTime
      if s.end != nil {
        guard ProcessGroup.hasSurvivors(identifier) else { return s.lookTime = now }
        s.lookTime = now + Self.firstLookInterval
      }
      signalGroup(SIGTERM)
    }
  }

  private func signalGroup(_ signal: CInt) { kill(-identifier, signal) }

  /// Notes what has happened since.
  /// - Returns: whether all is over.
  func advance(now: MonotonicTime) -> Bool {
    let (waiter, phase) = state.withLock {
      s -> (CheckedContinuation<Phase, Never>?, Phase) in
      noteEnd(&s, now)
      guard let waiter = s.waiter, s.phase.rawValue > waiter.past.rawValue else {
        return (nil, s.phase)
      }
      s.waiter = nil
      return (waiter.continuation, s.phase)
    }
    if phase == .over { errorLog.flush() }
    waiter?.resume(returning: phase)
    return phase == .over
  }

  private func noteEnd(_ s: inout State, _ now: MonotonicTime) {
    if s.end == nil, let end = ProcessEnd.reap(identifier) {
      s.end = end
      // What is left of the group would outlive the deadline that the program has kept.
      if s.isTerminated { s.killTime = now }
    }
    let groupLives = s.end == nil || ProcessGroup.hasSurvivors(identifier)
    if s.killTime <= now {
      s.killTime = .never
      if groupLives { signalGroup(SIGKILL) }
    }
    guard s.end != nil else { return }
    let isForgotten = s.errorsHaveEnded || s.isTerminated
    s.phase = groupLives || !isForgotten ? .survived : .over
    s.lookTime = groupLives && isForgotten ? now + s.lookInterval : .never
    s.lookInterval = min(s.lookInterval * 2, Self.longestLookInterval)
    if s.phase == .over { s.killTime = .never }
  }

  /// Logs what has come on standard error.
  /// - Returns: false at its end.
  func readErrors() -> Bool {
    let hasMore = errorLog.read(from: errors.readEnd)
    if !hasMore { state.withLock { $0.errorsHaveEnded = true } }
    return hasMore
  }
}
