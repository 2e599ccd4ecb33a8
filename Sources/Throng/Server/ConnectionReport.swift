// What a server says about single connections: collected by the loops, each on its own thread, and put
// together here.

import LinuxSystem
import Synchronization

/// One connection at one time.
public struct ConnectionInfo: Sendable, Hashable {
  /// As ``Connection/id``.
  public let id: Int
  /// As ``Connection/remoteAddress``.
  public let remoteAddress: SocketAddress
  /// The index of its event loop.
  public internal(set) var loop = 0
  /// Since it was accepted.
  public let age: Duration
  /// Since something was received or sent.
  public let idle: Duration
  /// Bytes that the kernel has not taken yet.
  public let outboxBytes: Int
  /// Since the kernel has taken some of them.
  public let stalled: Duration

  init(
    _ connection: Connection, _ deadlines: Deadlines, _ progress: SendProgress, outboxBytes: Int,
    now: MonotonicTime
  ) {
    func time(since start: MonotonicTime) -> Duration {
      start < now ? .nanoseconds(Int64(clamping: now.nanoseconds - start.nanoseconds)) : .zero
    }
    id = connection.id
    remoteAddress = connection.remoteAddress
    age = time(since: connection.openingTime)
    idle = time(since: deadlines.activity)
    self.outboxBytes = outboxBytes
    stalled = outboxBytes > 0 ? time(since: progress.time) : .zero
  }
}

/// The most conspicuous connections of a server.
public struct ConnectionReport: Sendable {
  /// Those with the largest outbox.
  public internal(set) var largest: [ConnectionInfo] = []
  /// Those whose client has taken nothing of its outbox for longest.
  public internal(set) var slowest: [ConnectionInfo] = []
  /// Those that were accepted first.
  public internal(set) var oldest: [ConnectionInfo] = []
  /// Loops that have not answered in time, because a handler blocks them: theirs are missing.
  public internal(set) var unansweredLoops = 0

  /// Takes note of a connection, and keeps the first `limit` of each list.
  mutating func note(_ info: ConnectionInfo, limit: Int) {
    if info.outboxBytes > 0 {
      Self.insert(info, into: &largest, limit) { $0.outboxBytes > $1.outboxBytes }
      Self.insert(info, into: &slowest, limit) { $0.stalled > $1.stalled }
    }
    Self.insert(info, into: &oldest, limit) { $0.id < $1.id }
  }

  /// Takes note of all that another report has.
  mutating func merge(_ other: ConnectionReport, limit: Int) {
    for info in Set(other.largest + other.slowest + other.oldest) { note(info, limit: limit) }
  }

  private static func insert(
    _ info: ConnectionInfo, into list: inout [ConnectionInfo], _ limit: Int,
    _ isBefore: (ConnectionInfo, ConnectionInfo) -> Bool
  ) {
    if list.count == limit, let last = list.last, !isBefore(info, last) { return }
    list.insert(info, at: list.firstIndex { isBefore(info, $0) } ?? list.count)
    if list.count > limit { list.removeLast() }
  }
}

/// A request for a report, which every loop adds to once. Any thread.
final class ConnectionInspection: Sendable {
  private struct State {
    var report = ConnectionReport()
    var missing: Int
    var continuation: CheckedContinuation<ConnectionReport, Never>?
    var isOver = false
  }

  private let limit: Int
  private let state: Mutex<State>

  init(loops: Int, limit: Int) {
    self.limit = limit
    state = Mutex(State(missing: loops))
  }

  /// A loop answers.
  func add(_ connections: some Sequence<ConnectionInfo>) {
    var own = ConnectionReport()
    for info in connections { own.note(info, limit: limit) }
    let isComplete = state.withLock { s in
      s.report.merge(own, limit: limit)
      s.missing -= 1
      return s.missing == 0
    }
    if isComplete { finish() }
  }

  /// Every loop has answered, or the time is over.
  func finish() {
    let (continuation, report) = state.withLock { s in
      s.isOver = true
      s.report.unansweredLoops = max(0, s.missing)
      defer { s.continuation = nil }
      return (s.continuation, s.report)
    }
    continuation?.resume(returning: report)
  }

  /// Waits for the end. Once.
  func report() async -> ConnectionReport {
    await withCheckedContinuation { continuation in
      let report: ConnectionReport? = state.withLock { s in
        if s.isOver { return s.report }
        s.continuation = continuation
        return nil
      }
      if let report { continuation.resume(returning: report) }
    }
  }
}
