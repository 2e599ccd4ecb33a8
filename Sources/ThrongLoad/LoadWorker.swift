// A worker whose connections each ask and are answered, and hold some that do neither. It belongs to
// its loop's thread, as `TrialWorker` says.

import SystemPackage
import Throng

final class LoadWorker: TrialWorker, EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `TrialWorker`.
  /// Those that are under load, then those that are only held.
  let clients: UnsafeMutableBufferPointer<Client>
  let activeCount: Int
  /// `depth` places for each client under load.
  let ring: UnsafeMutablePointer<InFlight>
  let isOpenLoop: Bool
  /// The memory of the pattern, which `plan` keeps alive.
  let window: UnsafeRawPointer
  var schedule: Schedule?
  /// Connections made to be held.
  private var held = 0

  override init(_ plan: WorkerPlan, index: Int, changed: SharedEvent) {
    isOpenLoop = plan.rate != nil
    activeCount = plan.quickConnections(of: index)
    clients = .allocate(capacity: activeCount + plan.idleConnections(of: index))
    for place in clients.indices {
      let number = plan.number(of: place, worker: index)
      clients.initializeElement(
        at: place, to: Client(random: RandomState(seed: plan.options.seed, stream: number)))
    }
    ring = .allocate(capacity: activeCount * plan.options.depth)
    window = plan.pattern.window.withUnsafeBytes { $0.baseAddress! }  // it is not empty
    super.init(plan, index: index, changed: changed)
  }

  deinit {
    ring.deallocate()
    clients.deallocate()
  }

  // MARK: TrialWorker

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    try Connector(events: self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// The churn makes its connections itself.
  override var placesToConnect: Range<Int> {
    plan.isChurn ? activeCount..<clients.count : clients.indices
  }

  override func number(of place: Int) -> Int { plan.number(of: place, worker: index) }

  override func connect(_ place: Int, _ now: UInt64) {
    let number = number(of: place)
    let start = Pattern.start(seed: plan.options.seed, connection: number)
    clients[place].reset()
    clients[place].sendPosition = start
    clients[place].receivePosition = start
    clients[place].greetingLeft = UInt32(plan.options.greeting)
    clients[place].connectTime = now
    clients[place].state = .connecting
    dial(place, source: plan.isChurn ? connects.opened : number - 1)
  }

  override func gaveUpConnecting(_ place: Int) { clients[place].state = .over }

  override func begin(_ now: UInt64) {
    if let rate = plan.rate {
      schedule = Schedule(
        begin: times?.begin ?? now, rate: rate, index: index, threads: plan.options.threads,
        connections: activeCount, of: plan.quickConnections)
    } else {
      beginSending(now)
    }
  }

  override func proceed(_ now: UInt64) -> UInt64 { schedule == nil ? .max : sendDue(now) }

  override func findSilent(_ now: UInt64) { blameSilent(now) }

  override func isDrained(_ now: UInt64) -> Bool {
    if schedule != nil { _ = sendDue(now) }
    return hot.pointee.totalInFlight == 0 && (schedule?.isEmpty(now) ?? true)
  }

  override func concludeLoad(isDrained: Bool) {
    countUnsent()
    if !isDrained { blameUnanswered() }
  }

  override var openCount: Int { clients.count { $0.state == .open } }

  override var heldCount: Int { clients[activeCount...].count { $0.state == .open } }

  override var isPointless: Bool { clients[..<activeCount].allSatisfy { $0.state == .over } }

  override func describe(_ status: inout WorkerControl.Status) {
    let unserved = clients.indices.filter { !clients[$0].wasServed && !wasLeftOut($0) }
    status.replies = clients[..<activeCount].map(\.replies)
    status.held = held
    status.unserved = unserved.map { number(of: $0) }
  }

  /// Whether it was connected, and nothing was ever due on it.
  private func wasLeftOut(_ place: Int) -> Bool {
    guard let schedule, !isHeld(place), clients[place].wasOpened else { return false }
    return schedule.dueCount(connection: place) == 0
  }

  // MARK: Connections

  /// Whether a connection is only held.
  func isHeld(_ place: Int) -> Bool { plan.isIdle || place >= activeCount }

  func opened(_ connection: Connection) {
    let place = connection.id
    let now = Self.clock
    noteOpened(after: now - clients[place].connectTime)
    clients[place].connection = Unmanaged.passUnretained(connection)
    clients[place].state = .open
    clients[place].wasOpened = true
    if place >= activeCount { held += 1 }
    if isHeld(place), plan.options.greeting == 0 { clients[place].wasServed = true }
    switch hot.pointee.phase {
    case .running where plan.isChurn && !isHeld(place): sendFirst(place, connection)
    case .draining, .finished:
      clients[place].state = .over
      connection.close()
    default: break
    }
  }
}
