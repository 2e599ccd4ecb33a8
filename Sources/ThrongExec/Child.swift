// One running program. Its end is waited for by the handler of its connection and noted by the thread of
// `Children`, which alone reads its standard error.

import Glibc
import LinuxSystem
import Logging
import Synchronization
import SystemPackage
import ThrongHandlers

final class Child: Sendable {
  private struct State {
    var end: ProcessEnd?
    var waiter: CheckedContinuation<ProcessEnd, Never>?
    /// When the process group gets SIGKILL.
    var killTime = MonotonicTime.never
    /// SIGTERM was sent.
    var isTerminated = false
    /// The beginning of a line of standard error.
    var line: [UInt8] = []
  }

  let identifier: pid_t
  let process: ProcessDescriptor
  let errors: Pipe
  let metadata: Logger.Metadata
  private let log: Logger
  private let state = Mutex(State())

  /// How long a program may take to end after SIGTERM.
  private static let terminationTime = Duration.milliseconds(500)
  /// A longer line of standard error is logged in pieces.
  private static let maximumLineLength = 4096

  init(
    _ identifier: pid_t, _ process: consuming ProcessDescriptor, errors: consuming Pipe,
    connection: Int, _ log: Logger
  ) {
    self.identifier = identifier
    self.process = process
    self.errors = errors
    self.log = log
    metadata = ["connection": "\(connection)", "pid": "\(identifier)"]
  }

  /// Waits until the program has ended. For one task.
  func end() async -> ProcessEnd {
    await withCheckedContinuation { continuation in
      let end = state.withLock { s in
        if s.end == nil { s.waiter = continuation }
        return s.end
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  var killTime: MonotonicTime { state.withLock { $0.killTime } }

  /// Sends SIGTERM to the process group, and has SIGKILL follow.
  func terminate(now: MonotonicTime) {
    state.withLock { s in
      guard s.end == nil, !s.isTerminated else { return }
      s.isTerminated = true
      s.killTime = now + Self.terminationTime
      signalGroup(SIGTERM)
    }
  }

  /// Sends SIGKILL when it is time for it.
  func killIfDue(now: MonotonicTime) {
    state.withLock { s in
      guard s.killTime <= now, s.end == nil else { return }
      s.killTime = .never
      signalGroup(SIGKILL)
    }
  }

  /// Until the process is reaped no other group can have its number.
  private func signalGroup(_ signal: CInt) { kill(-identifier, signal) }

  /// Notes the end of the process.
  /// - Returns: false when it still runs.
  func reapIfEnded() -> Bool {
    readErrors()
    let waiter = state.withLock { s -> (CheckedContinuation<ProcessEnd, Never>?, ProcessEnd)? in
      // What is left of the group would outlive the deadline that the program has kept.
      if s.isTerminated { signalGroup(SIGKILL) }
      guard let end = ProcessEnd.reap(identifier) else { return nil }
      s.end = end
      s.killTime = .never
      defer { s.waiter = nil }
      return (s.waiter, end)
    }
    guard let (continuation, end) = waiter else { return false }
    flushLine()
    continuation?.resume(returning: end)
    return true
  }

  // MARK: Standard error

  /// Logs the lines that have come.
  /// - Returns: false at the end.
  @discardableResult
  func readErrors() -> Bool {
    // A few reads at a time: other children have lines as well.
    for _ in 0..<16 {
      let read: [UInt8]?
      do throws(Errno) {
        read = try Descriptor.read(errors.readEnd, atMost: Self.maximumLineLength)
      } catch {
        return false
      }
      guard let bytes = read else { return true }
      if bytes.isEmpty { return false }
      log(bytes)
    }
    return true
  }

  private func log(_ bytes: [UInt8]) {
    let lines: [[UInt8]] = state.withLock { s in
      s.line += bytes
      var lines = s.line.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let rest = lines.removeLast()
      s.line = rest.count < Self.maximumLineLength ? Array(rest) : []
      if rest.count >= Self.maximumLineLength { lines.append(rest) }
      return lines.map(Array.init)
    }
    for line in lines { write(line) }
  }

  private func flushLine() {
    let line = state.withLock { s in
      defer { s.line = [] }
      return s.line
    }
    if !line.isEmpty { write(line) }
  }

  /// The text may come from the client, so it cannot control a terminal that shows the log.
  private func write(_ line: [UInt8]) {
    var escaper = TerminalEscaper()
    let text = escaper.escape(line) + escaper.finish()
    log.info("\(String(decoding: text, as: UTF8.self))", metadata: metadata)
  }
}
