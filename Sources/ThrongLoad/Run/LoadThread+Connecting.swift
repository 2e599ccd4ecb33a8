// Connecting: as fast as the options allow, a bounded number at a time, so that a server's backlog is
// not overrun and what comes back meanwhile is served.

import SystemPackage
import Throng

/// How far a worker's connects have come.
struct ConnectProgress {
  /// Connects that were begun before the measurement, and of all how many are not decided.
  var begun = 0
  var pending = 0
  /// Connections that were made.
  var opened = 0
  /// When the first connect was due.
  var start: UInt64 = 0
}

extension LoadThread {
  private static var connectsPerTurn: Int { 64 }
  private static var connectsAtOnce: Int { 512 }

  /// Begins the connects that are due.
  /// - Returns: when to come back.
  final func connectMore(_ now: UInt64) -> UInt64 {
    if control.isStopping { return becomeReady() }
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
    // The events of this turn first; the others call back when they are decided.
    if budget == 0 { timer?.poke() }
    return .max
  }

  private final func connectDue(_ slot: Int) -> UInt64 {
    guard let rate = plan.options.connectRate else { return 0 }
    let position = Double(number(of: slot) - 1)
    return connects.start + UInt64(max(0, position) / Double(rate) * 1e9)
  }

  /// Asks for the connection of a place; its id will be the place.
  final func dial(_ slot: Int, source number: Int) {
    connects.pending += 1
    connector?.connect(to: plan.address, from: plan.source(for: number), id: slot)
  }

  /// A connection was made.
  final func noteOpened(after nanoseconds: UInt64) {
    connects.pending -= 1
    connects.opened += 1
    hot.pointee.records.pointee.connect.note(nanoseconds)
    guard hot.pointee.phase == .connecting else { return }
    if connects.pending == 0 || connects.begun < slotsToConnect.count { timer?.poke() }
  }

  final func connectFailed(_ failure: ConnectFailure) {
    connects.pending -= 1
    markFailed(failure.id)
    if failure.reason != .stopped { faults.add(.connectFailed, failure.description) }
    let isConnecting = hot.pointee.phase == .connecting
    if isConnecting || connects.pending == 0 && openCount == 0 { timer?.poke() }
  }
}
