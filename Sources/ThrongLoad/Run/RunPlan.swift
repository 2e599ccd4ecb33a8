// What the workers of a trial share, decided before they start; and what they and the coordinating
// thread tell each other.

import Synchronization
import Throng

/// The constants of a trial.
struct RunPlan: Sendable {
  let options: LoadOptions
  /// Where to connect, tried in turn by nobody: the first that the name resolves to.
  let address: SocketAddress
  /// Messages a second of all workers, in the open loop.
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

  /// Those that read slowly, of the connections under load.
  var slowConnections: Int { options.slowConnections }
  var quickConnections: Int { options.connections - slowConnections }

  var isChurn: Bool { options.mode == .churn }
  var isIdle: Bool { options.mode == .idle }

  /// How many connections a worker has under load: they are dealt in turn.
  func quickConnections(of thread: Int) -> Int { deal(quickConnections, to: thread) }

  /// How many more it only holds.
  func idleConnections(of thread: Int) -> Int { deal(options.idleConnections, to: thread) }

  private func deal(_ count: Int, to thread: Int) -> Int {
    (count - thread + options.threads - 1) / options.threads
  }

  /// The number, from 1 on, of a worker's connection: first the quick ones, then those that read
  /// slowly, then the idle ones.
  func number(of slot: Int, thread: Int) -> Int {
    let active = quickConnections(of: thread)
    if slot < active { return slot * options.threads + thread + 1 }
    return options.connections + (slot - active) * options.threads + thread + 1
  }

  /// What a connection of a fan-out sends first.
  func hello(of number: Int) -> Bytes? {
    options.hello.map { Bytes($0.replacing("{n}", with: "\(number)") + "\n") }
  }

  /// A loopback address has ports for some 28,000 connections to one server; others of 127.0.0.0/8
  /// have as many again.
  func source(for number: Int) -> SocketAddress? {
    guard case .ipv4(let address, _) = address.storage, address >> 24 == 127 else { return nil }
    let group = isChurn ? number % Self.churnSources : number / Self.connectionsPerSource
    return group == 0 ? nil : SocketAddress(.ipv4(address: 0x7f00_0001 + UInt32(group), port: 0))
  }

  private static let connectionsPerSource = 20_000
  private static let churnSources = 16
}

/// The moments of a trial, in nanoseconds of the monotonic clock.
struct RunTimes: Sendable {
  var begin: UInt64
  var measureFrom: UInt64
  var measureUntil: UInt64
  /// Past this nobody waits for replies any more.
  var drainUntil: UInt64
}

/// What a worker and the coordinating thread tell each other.
final class ThreadControl: Sendable {
  enum Phase: Int, Sendable, Comparable {
    case connecting, ready, running, draining, finished

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  struct Status: Sendable {
    var phase = Phase.connecting
    var opened = 0
    var faults = FaultLog()
    /// The end: replies of each connection, and whether it was ever served.
    var replies: [Int] = []
    /// Of a fan-out: how long the messages took that each receiver got, in all.
    var latencySums: [UInt64] = []
    var unserved: [Int] = []
    /// Open connections when the measuring ended.
    var openAtEnd = 0
    /// Those that are only held: how many were made, and how many of them were open then.
    var held = 0
    var heldAtEnd = 0
    /// What was measured: the clock's and the thread's CPU time.
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

  /// The server has been looked at: until then it must have all its connections.
  func allowClosing() { closingAllowed.store(true, ordering: .relaxed) }

  /// Ends the sending; replies are still awaited.
  func stop() { stopAsked.store(true, ordering: .relaxed) }
}
