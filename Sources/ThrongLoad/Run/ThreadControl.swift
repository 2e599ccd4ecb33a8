// What a load thread and the coordinating thread tell each other. Any thread.

import Synchronization

/// Times of a run, in nanoseconds of the monotonic clock.
struct RunTimes: Sendable {
  var begin: UInt64
  var measureFrom: UInt64
  var measureUntil: UInt64
  /// End of the wait for replies.
  var drainUntil: UInt64
}

final class ThreadControl: Sendable {
  enum Phase: Int, Sendable, Comparable {
    case connecting, ready, running, draining, finished

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  struct Status: Sendable {
    var phase = Phase.connecting
    var opened = 0
    /// Connections that resumed a TLS session, at the end.
    var resumed = 0
    /// What its first TLS handshake has negotiated, at the end.
    var security: NegotiatedSecurity?
    var faults = FaultLog()
    /// Replies of each connection, at the end.
    var replies: [Int] = []
    /// Sum of the latencies of each receiver of a fan-out, at the end.
    var latencySums: [UInt64] = []
    /// Numbers of the connections without a reply, at the end.
    var unserved: [Int] = []
    /// Open connections when the measured time ended.
    var openAtEnd = 0
    /// Idle connections established, and those open when the measured time ended.
    var held = 0
    var heldAtEnd = 0
    /// Measured time, and CPU time of the thread within it.
    var measuredNanoseconds: UInt64 = 0
    var cpuNanoseconds: UInt64 = 0
  }

  let records = RecordExchange()
  let status = Mutex(Status())
  let times = Mutex<RunTimes?>(nil)
  /// Sending has to end; replies are still awaited.
  let isStopping = Flag()
  /// The connections may be closed. The server's memory and threads must be read before.
  let mayClose = Flag()
}

/// Something that happens once. Any thread.
struct Flag: ~Copyable, Sendable {
  private let state = Atomic<Bool>(false)

  var isSet: Bool { state.load(ordering: .acquiring) }
  func set() { state.store(true, ordering: .releasing) }
}
