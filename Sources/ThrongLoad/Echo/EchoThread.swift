// Load thread for request and reply: echo, lines or fixed-size replies; also holds idle
// connections.
// Owned by its event loop's thread, as `LoadThread` describes.

import LinuxSystem
import SystemPackage
import Throng

final class EchoThread: LoadThreadState, LoadThread, EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`.
  /// Connections under load, then connections that are only held.
  let clients: UnsafeMutableBufferPointer<EchoConnection>
  let activeCount: Int
  /// `depth` entries for each connection under load.
  let ring: UnsafeMutablePointer<InFlightGroup>
  let isOpenLoop: Bool
  /// Memory of the pattern; retained by `plan`.
  let window: UnsafeRawPointer
  var schedule: Schedule?
  /// Idle connections established so far.
  private var held = 0

  override init(_ plan: RunPlan, index: Int, changed: SharedEvent) {
    isOpenLoop = plan.rate != nil
    activeCount = plan.quickConnections(of: index)
    clients = .allocate(capacity: activeCount + plan.idleConnections(of: index))
    for slot in clients.indices {
      let stream = EchoStream(plan, number: plan.number(of: slot, thread: index))
      clients.initializeElement(at: slot, to: EchoConnection(stream))
    }
    ring = .allocate(capacity: activeCount * plan.load.depth)
    window = plan.pattern.window.withUnsafeBytes { $0.baseAddress! }  // never empty
    super.init(plan, index: index, changed: changed)
  }

  deinit {
    ring.deallocate()
    clients.deallocate()
  }

  // MARK: LoadThread

  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    try Connector(events: self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// Connections of a churn are opened later, one for each message.
  var slotsToConnect: Range<Int> {
    plan.load.isChurn ? activeCount..<clients.count : clients.indices
  }

  func number(of slot: Int) -> Int { plan.number(of: slot, thread: index) }

  func connect(_ slot: Int, _ now: UInt64) {
    let number = number(of: slot)
    clients[slot].clearInFlight()
    clients[slot].stream.restart(plan, number: number)
    dial(slot, source: plan.load.isChurn ? connects.opened : number - 1, now)
  }

  func beginLoad(_ now: UInt64) {
    if let rate = plan.rate {
      schedule = Schedule(
        begin: times?.begin ?? now, rate: rate, index: index, threads: plan.options.threads,
        connections: activeCount, of: plan.quickConnections)
    } else {
      beginSending(now)
    }
  }

  func sendPending(_ now: UInt64) -> UInt64 { schedule == nil ? .max : sendDue(now) }

  func checkTimeouts(_ now: UInt64) { reportTimeouts(now) }

  func isDrained(_ now: UInt64) -> Bool {
    if schedule != nil { _ = sendDue(now) }
    return hot.pointee.totalInFlight == 0 && (schedule?.isEmpty(now) ?? true)
  }

  func concludeLoad(isDrained: Bool) {
    countUnsent()
    if !isDrained { reportUnanswered() }
  }

  var heldCount: Int { clients[activeCount...].count { $0.state == .open } }

  var cannotContinue: Bool { clients[..<activeCount].allSatisfy { $0.state == .over } }

  func fillStatus(_ status: inout ThreadControl.Status) {
    let unserved = clients.indices.filter { !clients[$0].wasServed && !wasLeftOut($0) }
    status.replies = clients[..<activeCount].map(\.replies)
    status.held = held
    status.unserved = unserved.map { number(of: $0) }
  }

  /// Whether the connection was established and the schedule had no message for it.
  private func wasLeftOut(_ slot: Int) -> Bool {
    guard let schedule, !isHeld(slot), clients[slot].wasOpened else { return false }
    return schedule.dueCount(connection: slot) == 0
  }

  // MARK: Connections

  /// Whether a connection is only held, without traffic.
  func isHeld(_ slot: Int) -> Bool { plan.load.isIdle || slot >= activeCount }

  func opened(_ connection: Connection) {
    let slot = connection.id
    noteOpened(connection)
    clients[slot].connection = Unmanaged.passUnretained(connection)
    clients[slot].wasOpened = true
    if slot >= activeCount { held += 1 }
    if isHeld(slot), plan.load.messages.greeting == 0 { clients[slot].wasServed = true }
    switch hot.pointee.phase {
    case .running where plan.load.isChurn && !isHeld(slot): sendFirst(slot, connection)
    case .draining, .finished:
      clients[slot].state = .over
      connection.close()
    default: break
    }
  }
}
