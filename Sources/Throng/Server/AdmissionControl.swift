// The limits that hold for all loops of a server together: on connections, on connections of one
// address, and on accepts a second. Any thread. One lock, taken twice to accept a client and once when
// its connection closes, never for a message. It is the innermost lock: nothing is called under it.

import LinuxSystem
import Synchronization

final class AdmissionControl: Sendable {
  struct Limits: Sendable {
    var connections = Int.max
    /// For each IPv4 address and each IPv6 /64; nil: no limit.
    var perAddress: Int?
    /// Accepts a second; nil: no limit.
    var rate: Int?
    /// Accepts a second of each address; nil: no limit.
    var ratePerAddress: Int?
    /// Whether clients above the limit on connections are reset instead of left to wait.
    var resetsWhenFull = false
  }

  enum Decision {
    case granted
    /// As many connections are open as may be.
    case full(AdmissionEvent?)
    /// The same, and the next client is to be accepted and reset.
    case refused(AdmissionEvent)
    /// The rate allows the next accept at that time.
    case tooFast(until: MonotonicTime)
  }

  private struct State {
    /// Places that are taken by connections.
    var open = 0
    /// Places that are taken by calls of accept(2) which have not returned.
    var reserved = 0
    /// Counted only while an address has a limit of its own.
    var perAddress: [SocketAddress: Int] = [:]
    var bucket: TokenBucket?
    var rates: AddressRates?
    /// Loops that have paused until there is room: each may have clients in its queue.
    var waiting: [ObjectIdentifier: ServerLoop] = [:]
    var lastPause = MonotonicTime(nanoseconds: 0)
    /// The log has said that accepting pauses, and not yet that it goes on.
    var hasWarned = false

    mutating func notePause(_ now: MonotonicTime) {
      lastPause = max(lastPause, now)
      hasWarned = true
    }
  }

  let log = AdmissionLog()
  /// For connections with TLS; nil: no limit.
  let handshakeRate: HandshakeRate?
  private let limits: Limits
  private let state: Mutex<State>

  init(_ limits: Limits, handshakeRate: HandshakeRate? = nil, now: MonotonicTime = .now) {
    self.limits = limits
    self.handshakeRate = handshakeRate
    state = Mutex(
      State(
        bucket: limits.rate.map { TokenBucket(rate: $0, now: now) },
        rates: limits.ratePerAddress.map { AddressRates(rate: $0, now: now) }))
  }

  convenience init(_ configuration: Configuration) {
    let perAddress = configuration.maximumConnectionsPerAddress
    let connections = max(1, configuration.maximumConnections)
    self.init(
      Limits(
        connections: connections,
        perAddress: perAddress.flatMap { $0 < connections ? max(1, $0) : nil },
        rate: configuration.acceptRate.map { max(1, $0) },
        ratePerAddress: configuration.acceptRatePerAddress.map { max(1, $0) },
        resetsWhenFull: configuration.whenFull == .reset),
      handshakeRate: configuration.security?.handshakeRate.map { HandshakeRate(perSecond: $0) })
  }

  /// Takes a place for the next client, before it is accepted.
  /// - Parameters:
  ///   - waiter: the loop that is woken when there is room again; nil: it does not pause.
  ///   - isDraining: the client was in the queue when the server began to stop: it waits in any case.
  func reserve(
    waiter: ServerLoop?, isDraining: Bool = false, now: MonotonicTime = .now
  ) -> Decision {
    state.withLock { s in
      guard s.open + s.reserved < limits.connections else {
        if limits.resetsWhenFull, !isDraining, s.open >= limits.connections {
          return .refused(.connectionLimit(limits.connections, resets: true))
        }
        guard let waiter else { return .full(nil) }
        s.waiting[ObjectIdentifier(waiter)] = waiter
        // With a place only reserved, the call of accept(2) that holds it may find no client.
        guard s.open >= limits.connections else { return .full(nil) }
        s.notePause(now)
        return .full(.connectionLimit(limits.connections, resets: false))
      }
      if let time = s.bucket?.take(now) { return .tooFast(until: time) }
      s.reserved += 1
      return .granted
    }
  }

  /// Gives a reserved place back: there was no client.
  /// - Returns: the loops to wake.
  func cancelReservation() -> [ServerLoop] {
    state.withLock { s in
      s.reserved -= 1
      s.bucket?.giveBack()
      return takeWaiting(&s)
    }
  }

  enum Admission {
    case welcome
    /// Its address has too many connections, or too many new ones; the place is free again.
    case refused(AdmissionEvent, wake: [ServerLoop])
  }

  /// Gives a reserved place to the client that was accepted.
  /// - Parameter client: its address; nil: it is not known, or not yet.
  func admit(_ client: SocketAddress?, now: MonotonicTime = .now) -> Admission {
    state.withLock { s in
      s.reserved -= 1
      if let event = count(client, now, &s) { return .refused(event, wake: takeWaiting(&s)) }
      s.open += 1
      return .welcome
    }
  }

  /// The address of a client that was admitted without one has become known.
  /// - Returns: why it must be refused, and its place released as one without an address.
  func identify(_ client: SocketAddress?, now: MonotonicTime = .now) -> AdmissionEvent? {
    state.withLock { s in count(client, now, &s) }
  }

  private func count(
    _ client: SocketAddress?, _ now: MonotonicTime, _ s: inout State
  ) -> AdmissionEvent? {
    guard let address = client?.countedAddress else { return nil }
    if let rate = limits.ratePerAddress, s.rates?.allows(address, now: now) == false {
      return .addressRate(address, rate)
    }
    guard let limit = limits.perAddress else { return nil }
    let count = s.perAddress[address, default: 0]
    guard count < limit else { return .addressLimit(address, limit) }
    s.perAddress[address] = count + 1
    return nil
  }

  /// A connection that was admitted has closed.
  /// - Parameter client: the address that was counted, if any.
  /// - Returns: the loops to wake.
  func release(_ client: SocketAddress?) -> [ServerLoop] {
    state.withLock { s in
      s.open -= 1
      if limits.perAddress != nil, let address = client?.countedAddress,
        let count = s.perAddress[address]
      {
        s.perAddress[address] = count == 1 ? nil : count - 1
      }
      return takeWaiting(&s)
    }
  }

  private func takeWaiting(_ s: inout State) -> [ServerLoop] {
    if s.waiting.isEmpty { return [] }
    defer { s.waiting.removeAll() }
    return Array(s.waiting.values)
  }

  /// The loop pauses because accepting fails.
  /// - Parameter awaitsRoom: a connection that closes may help.
  func notePause(_ serverLoop: ServerLoop, awaitsRoom: Bool, now: MonotonicTime = .now) {
    state.withLock { s in
      if awaitsRoom { s.waiting[ObjectIdentifier(serverLoop)] = serverLoop }
      s.notePause(now)
    }
  }

  /// False once there was room for it.
  func isWaiting(_ serverLoop: ServerLoop) -> Bool {
    state.withLock { $0.waiting[ObjectIdentifier(serverLoop)] != nil }
  }

  /// The loop has stopped accepting.
  func forget(_ serverLoop: ServerLoop) {
    state.withLock { _ = $0.waiting.removeValue(forKey: ObjectIdentifier(serverLoop)) }
  }

  /// Whether a loop that accepts again is to ask for `hasRecovered` later.
  var hasWarned: Bool { state.withLock { $0.hasWarned } }

  /// True once, when no loop has paused for a while after the log has said that one does.
  func hasRecovered(now: MonotonicTime) -> Bool {
    state.withLock { s in
      guard s.hasWarned, s.waiting.isEmpty, now >= s.lastPause + AdmissionLog.interval else {
        return false
      }
      s.hasWarned = false
      return true
    }
  }
}

extension SocketAddress {
  /// What the limit of an address counts together: an IPv4 address, or the /64 that an IPv6 host has
  /// (RFC 4291), without the port. Link-local addresses share one prefix, so they count one by one.
  /// Nil for a Unix socket: its clients have no address.
  var countedAddress: SocketAddress? {
    switch storage {
    case .ipv4(let address, _): .init(.ipv4(address: address, port: 0))
    case .ipv6(0, let low, _, _) where low >> 32 == 0xffff:
      .init(.ipv4(address: UInt32(truncatingIfNeeded: low), port: 0))
    case .ipv6(let high, let low, let scope, _) where high >> 54 == 0xfe80 >> 6:
      .init(.ipv6(high: high, low: low, scope: scope, port: 0))
    case .ipv6(let high, _, _, _): .init(.ipv6(high: high, low: 0, scope: 0, port: 0))
    case .unix: nil
    }
  }
}
