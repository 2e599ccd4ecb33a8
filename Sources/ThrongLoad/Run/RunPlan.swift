// Constants of a run, decided before its load threads start, and the communication between load
// threads and the coordinating thread.

import Synchronization
import Throng

/// Constants of a run. Immutable; any thread.
struct RunPlan: Sendable {
  let options: LoadOptions
  /// The first address that the name resolves to.
  let address: SocketAddress
  /// Messages per second over all load threads, in the open loop.
  let rate: Double?
  let pattern: Pattern
  let sampler: SizeSampler

  init(_ options: LoadOptions, address: SocketAddress, rate: Double?) {
    self.options = options
    self.address = address
    self.rate = rate
    pattern = Pattern(seed: options.seed)
    sampler = SizeSampler(options.sizes)
  }

  /// Slow readers among the connections under load.
  var slowConnections: Int { options.slowConnections }
  var quickConnections: Int { options.connections - slowConnections }

  var isChurn: Bool { options.mode == .churn }
  var isIdle: Bool { options.mode == .idle }

  /// Number of connections under load of a load thread; they are dealt in turn.
  func quickConnections(of thread: Int) -> Int { deal(quickConnections, to: thread) }

  /// Number of idle connections of a load thread.
  func idleConnections(of thread: Int) -> Int { deal(options.idleConnections, to: thread) }

  private func deal(_ count: Int, to thread: Int) -> Int {
    (count - thread + options.threads - 1) / options.threads
  }

  /// Number of a connection, from 1: first the connections under load, then the slow readers, then
  /// the idle connections.
  func number(of slot: Int, thread: Int) -> Int {
    let active = quickConnections(of: thread)
    if slot < active { return slot * options.threads + thread + 1 }
    return options.connections + (slot - active) * options.threads + thread + 1
  }

  /// First line of a connection of a fan-out.
  func hello(of number: Int) -> Bytes? {
    options.hello.map { Bytes($0.replacing("{n}", with: "\(number)") + "\n") }
  }

  /// Source address of a connection. One loopback address has ports for some 28,000 connections to
  /// one server; further addresses of 127.0.0.0/8 have as many again.
  func source(for number: Int) -> SocketAddress? {
    guard case .ipv4(let address, _) = address.storage, address >> 24 == 127 else { return nil }
    let group = isChurn ? number % Self.churnSources : number / Self.connectionsPerSource
    return group == 0 ? nil : SocketAddress(.ipv4(address: 0x7f00_0001 + UInt32(group), port: 0))
  }

  private static let connectionsPerSource = 20_000
  private static let churnSources = 16
}

/// Times of a run, in nanoseconds of the monotonic clock.
struct RunTimes: Sendable {
  var begin: UInt64
  var measureFrom: UInt64
  var measureUntil: UInt64
  /// End of the wait for replies.
  var drainUntil: UInt64
}

/// State exchanged between a load thread and the coordinating thread. Any thread.
final class ThreadControl: Sendable {
  enum Phase: Int, Sendable, Comparable {
    case connecting, ready, running, draining, finished

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  struct Status: Sendable {
    var phase = Phase.connecting
    var opened = 0
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
  private let stopAsked = Atomic<Bool>(false)
  private let closingAllowed = Atomic<Bool>(false)

  var isStopping: Bool { stopAsked.load(ordering: .relaxed) }
  var mayClose: Bool { closingAllowed.load(ordering: .relaxed) }

  /// Allows closing the connections. The server's memory and threads must be read before.
  func allowClosing() { closingAllowed.store(true, ordering: .relaxed) }

  /// Ends sending; replies are still awaited.
  func stop() { stopAsked.store(true, ordering: .relaxed) }
}
