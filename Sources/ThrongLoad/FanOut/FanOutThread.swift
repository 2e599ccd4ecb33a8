// A worker of a fan-out: its share of the receivers and, in the first worker, the sender. It belongs to
// its loop's thread, as `LoadThread` says. Before it is ready, every receiver has seen a line of the
// sender's, so that all are members of whatever the server sends to.

import SystemPackage
import Throng

final class FanOutThread: LoadThread, EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`.
  let progress: FanOutProgress
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

  init(_ plan: RunPlan, progress: FanOutProgress, index: Int, changed: SharedEvent) {
    self.progress = progress
    let count = plan.quickConnections(of: index) + (index == 0 ? 1 : 0)
    receivers = .allocate(capacity: count)
    receivers.initialize(repeating: FanOutReceiver())
    counts = .allocate(capacity: progress.ring.capacity)
    counts.initialize(repeating: 0, count: progress.ring.capacity)
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
  static let senderSlot = 0

  @inline(__always)
  func isSender(_ slot: Int) -> Bool { index == 0 && slot == Self.senderSlot }

  /// The receivers' places.
  var receiverSlots: Range<Int> { (index == 0 ? 1 : 0)..<receivers.count }

  // MARK: LoadThread

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    try Connector(events: self, options: options) { [unowned self] in connectFailed($0) }
  }

  override var slotsToConnect: Range<Int> { receivers.indices }

  /// The sender is number 0.
  override func number(of slot: Int) -> Int {
    isSender(slot) ? 0 : (slot - receiverSlots.lowerBound) * plan.options.threads + index + 1
  }

  override func connect(_ slot: Int, _ now: UInt64) {
    // Now the timer is there, by which others wake us.
    if isSender(slot) { progress.setSender(self) }
    receivers[slot].state = .connecting
    receivers[slot].connectTime = now
    dial(slot, source: max(0, number(of: slot) - 1))
  }

  override func markFailed(_ slot: Int) {
    receivers[slot].state = .over
    if isSender(slot) { progress.loseSender() }
  }

  override func beginLoad(_ now: UInt64) { sender?.beginLoad(times?.begin ?? now) }

  override func sendPending(_ now: UInt64) -> UInt64 { sender == nil ? .max : sendMore(now) }

  override func checkTimeouts(_ now: UInt64) {
    if hot.pointee.phase >= .running { reportTimeouts(now) }
  }

  override func isDrained(_ now: UInt64) -> Bool {
    if index == 0 { progress.end() }
    return progress.isOver && (fan.pointee.live == 0 || fan.pointee.frontier >= progress.sent)
  }

  override func concludeLoad(isDrained: Bool) {
    sender?.countUnsent(hot)
    reportMissing(isDrained: isDrained)
  }

  override var openCount: Int { receivers.count { $0.state == .open } }

  override var cannotContinue: Bool {
    progress.isSenderLost || (index == 0 ? progress.completed == .max : fan.pointee.live == 0)
  }

  override func fillStatus(_ status: inout ThreadControl.Status) {
    status.replies = receiverSlots.map { receivers[$0].deliveries }
    status.latencySums = receiverSlots.map { receivers[$0].latencySum }
    status.unserved = receiverSlots.filter { !receivers[$0].isMember }.map { number(of: $0) }
  }

  // MARK: Becoming ready

  /// Sends probes until everybody has seen one; who sees none is left out.
  override func prepare(_ now: UInt64) -> UInt64 {
    if progress.isSenderLost { return becomeReady() }
    if !hasBegunToPrepare {
      hasBegunToPrepare = true
      lastReached = now
      noteIfReached()
      if fan.pointee.live == 0 { progress.advance(index, to: .max) }
    }
    if fan.pointee.unreached > 0 { reportUnreached(now) }
    guard index == 0 else { return fan.pointee.unreached == 0 ? becomeReady() : .max }
    return progress.areAllReached ? becomeReady() : probe(now)
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
    progress.noteReached()
    timer?.poke()
  }

  private func reportUnreached(_ now: UInt64) {
    if !progress.isProbing { lastReached = now }
    guard now > lastReached + UInt64(plan.options.timeout.nanoseconds) else { return }
    for slot in receiverSlots where receivers[slot].state == .open && !receivers[slot].isMember {
      reportNotReached(slot)
    }
  }

  // MARK: Connections

  func opened(_ connection: Connection) {
    let slot = connection.id
    noteOpened(after: Self.clock - receivers[slot].connectTime)
    guard hot.pointee.phase < .draining else { return connection.close() }
    receivers[slot].connection = Unmanaged.passUnretained(connection)
    receivers[slot].state = .open
    if let hello = plan.hello(of: number(of: slot)) { try? connection.write(hello) }
    if isSender(slot) {
      sender = FanOutSender(rate: plan.rate)
    } else {
      fan.pointee.live += 1
      fan.pointee.unreached += 1
    }
  }

  func inputEnded(_ connection: Connection) {
    let slot = connection.id
    fail(.closed, slot, "the server closed it \(progress(of: slot))")
    connection.close()
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    let slot = connection.id
    fail(.lost, slot, "\(error?.description ?? "it ended") \(progress(of: slot))")
    receivers[slot].connection = nil
    timer?.poke()
  }
}
