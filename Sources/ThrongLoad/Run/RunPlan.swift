// Constants of a run, decided before its load threads start. Immutable; any thread.

import Throng

struct RunPlan: Sendable {
  let options: LoadOptions
  /// The first address that the name resolves to.
  let address: SocketAddress
  /// TLS on every connection; nil: none.
  let security: ClientTransportSecurity?
  /// The name that the server's certificate must have, unless the configuration of TLS has another.
  let serverName: String?
  /// Messages per second over all load threads, in the open loop.
  let rate: Double?
  /// The options of the workload.
  let load: LoadOptions.Workload.Parts
  /// Slow readers among the connections under load.
  let slowConnections: Int
  let pattern: Pattern
  let sampler: SizeSampler

  init(
    _ options: LoadOptions, address: SocketAddress, security: ClientTransportSecurity? = nil,
    rate: Double?
  ) {
    self.options = options
    self.address = address
    self.security = security
    serverName = options.server.host
    self.rate = rate
    load = options.workload.parts
    slowConnections = options.slowConnections
    pattern = Pattern(seed: options.seed)
    sampler = SizeSampler(load.messages.sizes)
  }

  var timeout: UInt64 { UInt64(options.timeout.nanoseconds) }

  /// Connections under load that are not slow readers.
  var quickConnections: Int { options.connections - slowConnections }

  /// Number of connections under load of a load thread; they are dealt in turn.
  func quickConnections(of thread: Int) -> Int { deal(quickConnections, to: thread) }

  /// Number of idle connections of a load thread.
  func idleConnections(of thread: Int) -> Int { deal(load.idleConnections, to: thread) }

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

  /// Units of the reply to a message: bytes or, because only the end of a line is known in advance, lines.
  @inline(__always)
  func replyUnits(to size: Int) -> Int {
    switch load.messages.reply {
    case .echo: size
    case .bytes(let count): count
    case .line: 1
    }
  }

  /// First line of a connection of a fan-out.
  func hello(of number: Int) -> Bytes? {
    load.fanOut?.hello.map { Bytes($0.replacing("{n}", with: "\(number)") + "\n") }
  }

  /// Source address of a connection. One loopback address has ports for some 28,000 connections to
  /// one server; further addresses of 127.0.0.0/8 have as many again.
  func source(for number: Int) -> SocketAddress? {
    guard case .ipv4(let address, _) = address.storage, address >> 24 == 127 else { return nil }
    let group = load.isChurn ? number % Self.churnSources : number / Self.connectionsPerSource
    return group == 0 ? nil : SocketAddress(.ipv4(address: 0x7f00_0001 + UInt32(group), port: 0))
  }

  private static let connectionsPerSource = 20_000
  private static let churnSources = 16
}
