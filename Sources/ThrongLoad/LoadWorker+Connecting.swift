// Connecting: as fast as the options allow, a bounded number at a time, so that a server's backlog is
// not overrun and what comes back meanwhile is served.

import SystemPackage
import Throng

extension LoadWorker {
  private static let connectsPerTurn = 64
  private static let connectsAtOnce = 512

  /// Begins the connects that are due.
  /// - Returns: when to come back.
  func connectMore(_ now: UInt64) -> UInt64 {
    if plan.isChurn || control.isStopping { return finishConnecting(now) }
    var budget = Self.connectsPerTurn
    while begun < clients.count, connecting < Self.connectsAtOnce, budget > 0 {
      let due = connectDue(begun)
      guard due <= now else { return due }
      begun += 1
      budget -= 1
      connect(begun - 1, now)
    }
    if begun == clients.count { return connecting == 0 ? finishConnecting(now) : .max }
    // The events of this turn first; the others call back when they are decided.
    if budget == 0 { timer?.poke() }
    return .max
  }

  /// When the n-th connect of this worker is due.
  private func connectDue(_ number: Int) -> UInt64 {
    guard let rate = plan.options.connectRate else { return 0 }
    let position = Double(number * plan.options.threads + index)
    return connectStart + UInt64(position / Double(rate) * 1e9)
  }

  private func finishConnecting(_ now: UInt64) -> UInt64 {
    guard hot.pointee.phase == .connecting else { return .max }
    hot.pointee.phase = .ready
    report(.ready)
    timer?.poke()
    return .max
  }

  func connect(_ place: Int, _ now: UInt64) {
    connecting += 1
    let number = plan.number(of: place, worker: index)
    let start = Pattern.start(seed: plan.options.seed, connection: number)
    clients[place].reset()
    clients[place].sendPosition = start
    clients[place].receivePosition = start
    clients[place].greetingLeft = UInt32(plan.options.greeting)
    clients[place].connectTime = now
    clients[place].state = .connecting
    connector?.connect(
      to: plan.address, from: plan.source(for: plan.isChurn ? opened : number - 1), id: place)
  }

  func opened(_ connection: Connection) {
    let place = connection.id
    connecting -= 1
    opened += 1
    let now = Self.clock
    let took = now - clients[place].connectTime
    hot.pointee.records.pointee.connect.note(took)
    clients[place].connection = Unmanaged.passUnretained(connection)
    clients[place].state = .open
    if plan.isIdle, plan.options.greeting == 0 { clients[place].wasServed = true }
    switch hot.pointee.phase {
    case .connecting: if connecting == 0 || begun < clients.count { timer?.poke() }
    case .running where plan.isChurn: sendFirst(place, connection)
    case .draining, .finished:
      clients[place].state = .over
      connection.close()
    default: break
    }
  }

  func connectFailed(_ failure: ConnectFailure) {
    connecting -= 1
    clients[failure.id].state = .over
    if failure.reason != .stopped { faults.add(.connectFailed, failure.description) }
    if hot.pointee.phase == .connecting || liveCountIsZero { timer?.poke() }
  }

  private var liveCountIsZero: Bool {
    connecting == 0 && !clients.contains { $0.state == .open }
  }
}
