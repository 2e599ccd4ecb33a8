// Load thread of a fan-out: its share of the receivers and, in the first thread, the sender. Owned
// by its event loop's thread, as `LoadThread` describes.
// Ready once every receiver has received a probe, so that all are members of what the server sends
// to.

import LinuxSystem
import SystemPackage
import Throng

final class FanOutThread: LoadThreadState, LoadThread, EventHandler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`.
  let progress: FanOutProgress
  /// Slot 0 of the first thread belongs to the sender and has no receiver.
  let clients: UnsafeMutableBufferPointer<FanOutReceiver>
  /// For each message in flight, the number of this thread's receivers that have it.
  let counts: UnsafeMutablePointer<Int>
  var sender: FanOutSender?
  /// Skipped messages by slot; empty without faults.
  var gaps: [Int: [ClosedRange<Int>]] = [:]
  private var hasBegunToPrepare = false
  /// Time at which the last receiver received its first probe.
  private var lastReached: UInt64 = 0

  init(_ plan: RunPlan, progress: FanOutProgress, index: Int, changed: SharedEvent) {
    self.progress = progress
    let count = plan.quickConnections(of: index) + (index == 0 ? 1 : 0)
    clients = .allocate(capacity: count)
    clients.initialize(repeating: FanOutReceiver())
    counts = .allocate(capacity: progress.ring.capacity)
    counts.initialize(repeating: 0, count: progress.ring.capacity)
    super.init(plan, index: index, changed: changed)
  }

  deinit {
    clients.deinitialize()
    clients.deallocate()
    counts.deallocate()
  }

  /// Slot of the sender in the first thread.
  static let senderSlot = 0

  @inline(__always)
  func isSender(_ slot: Int) -> Bool { index == 0 && slot == Self.senderSlot }

  /// Slots of the receivers.
  var receiverSlots: Range<Int> { (index == 0 ? 1 : 0)..<clients.count }

  // MARK: LoadThread

  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    try Connector(events: self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// The sender has number 0.
  func number(of slot: Int) -> Int {
    isSender(slot) ? 0 : (slot - receiverSlots.lowerBound) * plan.options.threads + index + 1
  }

  func connect(_ slot: Int, _ now: UInt64) {
    // The timer exists from here on; other threads wake this one through it.
    if isSender(slot) { progress.setSender(self) }
    dial(slot, source: max(0, number(of: slot) - 1), now)
  }

  func markFailed(_ slot: Int) {
    clients[slot].state = .over
    if isSender(slot) { progress.isSenderLost.set() }
  }

  func beginLoad(_ now: UInt64) { sender?.beginLoad(times?.begin ?? now) }

  func sendPending(_ now: UInt64) -> UInt64 { sender == nil ? .max : sendMore(now) }

  func checkTimeouts(_ now: UInt64) {
    if hot.pointee.phase >= .running { reportTimeouts(now) }
  }

  func isDrained(_ now: UInt64) -> Bool {
    if index == 0 { progress.isOver.set() }
    return progress.isOver.isSet && (hot.pointee.live == 0 || hot.pointee.frontier >= progress.sent)
  }

  func concludeLoad(isDrained: Bool) {
    sender?.countUnsent(hot)
    reportMissing(isDrained: isDrained)
  }

  var cannotContinue: Bool {
    progress.isSenderLost.isSet || (index == 0 ? progress.completed == .max : hot.pointee.live == 0)
  }

  func fillStatus(_ status: inout ThreadControl.Status) {
    status.replies = receiverSlots.map { clients[$0].deliveries }
    status.latencySums = receiverSlots.map { clients[$0].latencySum }
    status.unserved = receiverSlots.filter { !clients[$0].isMember }.map { number(of: $0) }
  }

  // MARK: Becoming ready

  /// Sends probes until every receiver has received one. A receiver without one within the timeout
  /// is removed.
  func prepare(_ now: UInt64) -> UInt64 {
    if progress.isSenderLost.isSet { return becomeReady() }
    if !hasBegunToPrepare {
      hasBegunToPrepare = true
      lastReached = now
      noteIfReached()
      if hot.pointee.live == 0 { progress.advance(index, to: .max) }
    }
    if hot.pointee.unreached > 0 { reportUnreached(now) }
    guard index == 0 else { return hot.pointee.unreached == 0 ? becomeReady() : .max }
    return progress.areAllReached ? becomeReady() : probe(now)
  }

  /// A receiver has received its first probe, or was removed.
  func noteReached() {
    hot.pointee.unreached -= 1
    lastReached = Self.clock
    noteIfReached()
  }

  private func noteIfReached() {
    // Until the last connect is decided, the number of receivers may grow.
    guard hasBegunToPrepare, hot.pointee.unreached == 0 else { return }
    progress.noteReached()
    timer?.wake()
  }

  private func reportUnreached(_ now: UInt64) {
    if !progress.isProbing.isSet { lastReached = now }
    guard now > lastReached + plan.timeout else { return }
    for slot in receiverSlots where clients[slot].state == .open && !clients[slot].isMember {
      reportNotReached(slot)
    }
  }

  // MARK: Connections

  func opened(_ connection: Connection) {
    let slot = connection.id
    noteOpened(connection)
    guard hot.pointee.phase < .draining else { return connection.close() }
    clients[slot].connection = Unmanaged.passUnretained(connection)
    if let hello = plan.hello(of: number(of: slot)) { try? connection.write(hello) }
    if isSender(slot) {
      sender = FanOutSender(rate: plan.rate)
    } else {
      hot.pointee.live += 1
      hot.pointee.unreached += 1
    }
  }

  func inputEnded(_ connection: Connection) {
    let slot = connection.id
    fail(.closed, slot, "server closed the connection \(progress(of: slot))")
    connection.close()
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    let slot = connection.id
    fail(.lost, slot, "\(error?.description ?? "connection ended") \(progress(of: slot))")
    clients[slot].connection = nil
    timer?.wake()
  }
}
