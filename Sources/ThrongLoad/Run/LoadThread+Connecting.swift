// Opening the connections of a load thread: as fast as the options allow, with a bounded number of
// pending connects, so that the server's backlog does not overflow.
// Runs on the load thread.

import LinuxSystem
import SystemPackage
import Throng

/// What every kind of client connection has.
protocol LoadClient {
  var state: ClientState { get set }
  /// Monotonic time of the connect call, in nanoseconds.
  var connectTime: UInt64 { get set }
}

/// The state of one connection of the generator.
enum ClientState: UInt8 {
  /// Not requested yet, or between two connections of a churn.
  case none
  case connecting
  case open
  /// Closed by the generator, or failed.
  case over
}

/// Progress of a load thread's connects.
struct ConnectProgress {
  /// Connects started before the measurement.
  var begun = 0
  /// Connects whose outcome is not known yet.
  var pending = 0
  /// Established connections.
  var opened = 0
  /// Those that resumed a TLS session.
  var resumed = 0
  /// What the first TLS handshake has negotiated.
  var security: NegotiatedSecurity?
  /// Monotonic time at which the first connect was due, in nanoseconds.
  var start: UInt64 = 0
}

extension LoadThread {
  private static var connectsPerTurn: Int { 64 }
  private static var connectsAtOnce: Int { 512 }

  /// Open connections.
  var openCount: Int { clients.count { $0.state == .open } }

  /// Starts the connects that are due.
  /// - Returns: the time of the next call.
  func connectMore(_ now: UInt64) -> UInt64 {
    if control.isStopping.isSet { return becomeReady() }
    let slots = slotsToConnect
    var budget = Self.connectsPerTurn
    while connects.begun < slots.count, connects.pending < Self.connectsAtOnce, budget > 0 {
      let slot = slots.lowerBound + connects.begun
      let due = connectDue(slot)
      guard due <= now else { return due }
      connects.begun += 1
      budget -= 1
      connect(slot, now)
    }
    if connects.begun == slots.count { return connects.pending == 0 ? prepare(now) : .max }
    // Other events of this turn run first.
    if budget == 0 { timer?.wake() }
    return .max
  }

  private func connectDue(_ slot: Int) -> UInt64 {
    guard let rate = plan.options.connectRate else { return 0 }
    let position = Double(number(of: slot) - 1)
    return connects.start + UInt64(max(0, position) / Double(rate) * 1e9)
  }

  /// Starts the connect of a slot. The connection's id is the slot.
  func dial(_ slot: Int, source number: Int, _ now: UInt64) {
    clients[slot].state = .connecting
    clients[slot].connectTime = now
    connects.pending += 1
    connector?.connect(
      to: plan.address, from: plan.source(for: number), id: slot, serverName: plan.serverName)
  }

  /// Records an established connection, whose TLS handshake is complete.
  func noteOpened(_ connection: Connection) {
    let slot = connection.id
    clients[slot].state = .open
    if plan.security != nil, let security = connection.security {
      if security.isResumed { connects.resumed += 1 }
      if connects.security == nil { connects.security = NegotiatedSecurity(security) }
    }
    connects.pending -= 1
    connects.opened += 1
    hot.pointee.records.pointee.connect.note(Self.clock - clients[slot].connectTime)
    guard hot.pointee.phase == .connecting else { return }
    if connects.pending == 0 || connects.begun < slotsToConnect.count { timer?.wake() }
  }

  /// Records a failed connect.
  func connectFailed(_ failure: ConnectFailure) {
    connects.pending -= 1
    markFailed(failure.id)
    if failure.reason != .stopped {
      faults.add(.connectFailed, hint: Self.hint(failure), failure.description)
    }
    let isConnecting = hot.pointee.phase == .connecting
    if isConnecting || connects.pending == 0 && openCount == 0 { timer?.wake() }
  }

  private static func hint(_ failure: ConnectFailure) -> FaultHint? {
    guard case .security(let failure) = failure.reason else { return nil }
    let isOfCertificate = [.certificateUntrusted, .certificateNameMismatch].contains(failure.reason)
    return isOfCertificate ? .certificate : nil
  }
}
