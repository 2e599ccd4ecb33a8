// A worker of a fan-out: its share of the receivers and, in the first worker, the sender. It belongs to
// its loop's thread, as `TrialWorker` says. Before it is ready, every receiver has seen a line of the
// sender's, so that all are members of whatever the server sends to.

import SystemPackage
import Throng

final class FanOutWorker: TrialWorker, EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `TrialWorker`.
  let board: FanOutBoard
  /// The first worker's place 0 is the sender's, and is not used as a receiver.
  let receivers: UnsafeMutableBufferPointer<FanOutReceiver>
  /// Of each message in flight, how many of our receivers have it.
  let counts: UnsafeMutablePointer<Int>
  let fan: UnsafeMutablePointer<Fan>
  var sender: FanOutSender?
  /// Messages that did not come when later ones did, by place; there are none if all is well.
  var gaps: [Int: [ClosedRange<Int>]] = [:]
  private var hasBegunToPrepare = false
  /// When the last receiver saw its first probe.
  private var lastReached: UInt64 = 0

  /// What every delivery reads or changes: see `Hot`.
  struct Fan {
    /// Receivers whose connection is open.
    var live = 0
    /// All of them have the messages up to this one.
    var frontier = 0
    /// Receivers that are open and have not seen a probe.
    var unreached = 0
  }

  init(_ plan: WorkerPlan, board: FanOutBoard, index: Int, changed: SharedEvent) {
    self.board = board
    let count = plan.quickConnections(of: index) + (index == 0 ? 1 : 0)
    receivers = .allocate(capacity: count)
    receivers.initialize(repeating: FanOutReceiver())
    counts = .allocate(capacity: board.ring.capacity)
    counts.initialize(repeating: 0, count: board.ring.capacity)
    fan = .allocate(capacity: 1)
    fan.initialize(to: Fan())
    super.init(plan, index: index, changed: changed)
  }

  deinit {
    receivers.deinitialize()
    receivers.deallocate()
    counts.deallocate()
    fan.deallocate()
  }

  /// The sender's place in the first worker; no receiver has it.
  static let senderPlace = 0

  @inline(__always)
  func isSender(_ place: Int) -> Bool { index == 0 && place == Self.senderPlace }

  /// The receivers' places.
  var places: Range<Int> { (index == 0 ? 1 : 0)..<receivers.count }

  // MARK: TrialWorker

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    try Connector(events: self, options: options) { [unowned self] in connectFailed($0) }
  }

  override var placesToConnect: Range<Int> { receivers.indices }

  /// The sender is number 0.
  override func number(of place: Int) -> Int {
    isSender(place) ? 0 : (place - places.lowerBound) * plan.options.threads + index + 1
  }

  override func connect(_ place: Int, _ now: UInt64) {
    // Now the timer is there, by which others wake us.
    if isSender(place) { board.setSender(self) }
    receivers[place].state = .connecting
    receivers[place].connectTime = now
    dial(place, source: max(0, number(of: place) - 1))
  }

  override func gaveUpConnecting(_ place: Int) {
    receivers[place].state = .over
    if isSender(place) { board.loseSender() }
  }

  override func begin(_ now: UInt64) { sender?.begin(times?.begin ?? now) }

  override func proceed(_ now: UInt64) -> UInt64 { sender == nil ? .max : sendMore(now) }

  override func findSilent(_ now: UInt64) {
    if hot.pointee.phase >= .running { blameSilent(now) }
  }

  override func isDrained(_ now: UInt64) -> Bool {
    if index == 0 { board.end() }
    return board.isOver && (fan.pointee.live == 0 || fan.pointee.frontier >= board.sent)
  }

  override func concludeLoad(isDrained: Bool) {
    sender?.countUnsent(hot)
    blameMissing(isDrained: isDrained)
  }

  override var openCount: Int { receivers.count { $0.state == .open } }

  override var isPointless: Bool {
    board.isSenderLost || (index == 0 ? board.completed == .max : fan.pointee.live == 0)
  }

  override func describe(_ status: inout WorkerControl.Status) {
    status.replies = places.map { receivers[$0].deliveries }
    status.latencySums = places.map { receivers[$0].latencySum }
    status.unserved = places.filter { !receivers[$0].isMember }.map { number(of: $0) }
  }

  // MARK: Becoming ready

  /// Sends probes until everybody has seen one; who sees none is left out.
  override func prepare(_ now: UInt64) -> UInt64 {
    if board.isSenderLost { return becomeReady() }
    if !hasBegunToPrepare {
      hasBegunToPrepare = true
      lastReached = now
      noteIfReached()
      if fan.pointee.live == 0 { board.advance(index, to: .max) }
    }
    if fan.pointee.unreached > 0 { blameUnreached(now) }
    guard index == 0 else { return fan.pointee.unreached == 0 ? becomeReady() : .max }
    return board.areAllReached ? becomeReady() : probe(now)
  }

  /// A receiver has seen its first probe, or is gone.
  func noteReached() {
    fan.pointee.unreached -= 1
    lastReached = Self.clock
    noteIfReached()
  }

  private func noteIfReached() {
    // Before the last connect is decided there may be more of them.
    guard hasBegunToPrepare, fan.pointee.unreached == 0 else { return }
    board.noteReached()
    timer?.poke()
  }

  private func blameUnreached(_ now: UInt64) {
    if !board.isProbing { lastReached = now }
    guard now > lastReached + UInt64(plan.options.timeout.nanoseconds) else { return }
    for place in places where receivers[place].state == .open && !receivers[place].isMember {
      blameNotReached(place)
    }
  }

  // MARK: Connections

  func opened(_ connection: Connection) {
    let place = connection.id
    noteOpened(after: Self.clock - receivers[place].connectTime)
    guard hot.pointee.phase < .draining else { return connection.close() }
    receivers[place].connection = Unmanaged.passUnretained(connection)
    receivers[place].state = .open
    if let hello = plan.hello(of: number(of: place)) { try? connection.write(hello) }
    if isSender(place) {
      sender = FanOutSender(rate: plan.rate)
    } else {
      fan.pointee.live += 1
      fan.pointee.unreached += 1
    }
  }

  func inputEnded(_ connection: Connection) {
    let place = connection.id
    blame(.closed, place, "the server closed it \(progress(of: place))")
    connection.close()
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    let place = connection.id
    blame(.lost, place, "\(error?.description ?? "it ended") \(progress(of: place))")
    receivers[place].connection = nil
    timer?.poke()
  }
}
