// Receivers of a fan-out that stop reading once they are members: each reads until its first probe,
// then nothing.
// The server decides whether to disconnect them; the other receivers must not be delayed. Runs on a
// load thread of its own.

import LinuxSystem
import SystemPackage
import Throng

final class StalledReceivers: LoadThreadState, LoadThread, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`; the handlers' tasks run on its loop's
  // thread.
  private struct Receiver {
    var state = LoadConnectionState.none
    var isMember = false
    var connectTime: UInt64 = 0
  }

  /// Interval at which each connection is checked for a disconnect.
  private static let pause = Duration.milliseconds(50)

  private let progress: FanOutProgress
  private var receivers: [Receiver]
  private var isReached = false
  /// Time at which the last receiver became a member.
  private var lastReached: UInt64 = 0

  init(_ plan: RunPlan, progress: FanOutProgress, changed: SharedEvent) {
    self.progress = progress
    receivers = Array(repeating: Receiver(), count: plan.slowConnections)
    super.init(plan, index: plan.options.threads, changed: changed)
  }

  // MARK: LoadThread

  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    SlowReaders.limitBuffers(&options)
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  var slotsToConnect: Range<Int> { receivers.indices }

  func number(of slot: Int) -> Int { plan.quickConnections + slot + 1 }

  func connect(_ slot: Int, _ now: UInt64) {
    receivers[slot].state = .connecting
    receivers[slot].connectTime = now
    dial(slot, source: number(of: slot) - 1)
  }

  func markFailed(_ slot: Int) { receivers[slot].state = .over }

  func prepare(_ now: UInt64) -> UInt64 {
    if lastReached == 0 || !progress.isProbing { lastReached = now }
    let isLate = now > lastReached + UInt64(plan.options.timeout.nanoseconds)
    let isWaiting = receivers.contains { $0.state == .open && !$0.isMember }
    // Late receivers are reported by their own tasks.
    guard !isWaiting || isLate || progress.isSenderLost else { return .max }
    if !isReached {
      isReached = true
      progress.noteReached()
    }
    return becomeReady()
  }

  func beginLoad(_ now: UInt64) {}

  func isDrained(_ now: UInt64) -> Bool { true }

  var openCount: Int { receivers.count { $0.state == .open } }

  var cannotContinue: Bool { progress.isSenderLost }

  func fillStatus(_ status: inout ThreadControl.Status) {
    status.unserved = receivers.indices.filter { !receivers[$0].isMember }.map { number(of: $0) }
  }

  // MARK: One receiver

  func handle(_ connection: Connection) async throws {
    let slot = connection.id
    noteOpened(after: Self.clock - receivers[slot].connectTime)
    receivers[slot].state = .open
    var loss: String?
    do {
      if let hello = plan.hello(of: number(of: slot)) { try connection.write(hello) }
      receivers[slot].isMember = try await becomesMember(connection)
      lastReached = Self.clock
      wake()
      while receivers[slot].isMember, hot.pointee.phase < .draining {
        await pause(Self.pause)
        // Throws once the connection is lost.
        try connection.write(Bytes())
      }
    } catch ConnectionError.timedOut {
    } catch {
      loss = "\(error) before the first message"
    }
    // A disconnect of a member is the server's policy and no fault.
    if !receivers[slot].isMember, hot.pointee.phase < .draining, !progress.isSenderLost {
      let what = loss ?? FaultText.notReached(plan.options)
      faults.add(loss == nil ? .notReached : .lost, "connection \(number(of: slot)): \(what)")
    }
    receivers[slot].state = .over
    connection.reset()
    wake()
  }

  /// Reads until a probe is received.
  private func becomesMember(_ connection: Connection) async throws -> Bool {
    var rest: [UInt8] = []
    while hot.pointee.phase == .connecting {
      guard let bytes = try await connection.receive(within: plan.options.timeout) else { break }
      rest += bytes
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let isProbe = rest[..<end].withUnsafeBytes { line in
          progress.lines.offset(in: line, hint: 0).map {
            progress.lines.content(UnsafeRawBufferPointer(rebasing: line[$0...])) == .probe
          }
        }
        rest.removeFirst(end + 1)
        if isProbe == true { return true }
      }
    }
    return false
  }
}
