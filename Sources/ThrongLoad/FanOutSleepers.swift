// The members of a fan-out that do not read: each takes what comes until it is a member, and then nothing.
// What becomes of them is the server's choice; the others must not notice. On a thread of their own.

import SystemPackage
import Throng

final class FanOutSleepers: TrialWorker, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `TrialWorker`; the handlers' tasks run on its loop's thread.
  private struct Sleeper {
    var state = Client.State.none
    var isMember = false
    var connectTime: UInt64 = 0
  }

  /// How often each looks whether it is still connected.
  private static let pause = Duration.milliseconds(50)

  private let board: FanOutBoard
  private var sleepers: [Sleeper]
  private var isReached = false
  /// When the last one became a member.
  private var lastReached: UInt64 = 0

  init(_ plan: WorkerPlan, board: FanOutBoard, changed: SharedEvent) {
    self.board = board
    sleepers = Array(repeating: Sleeper(), count: plan.slowConnections)
    super.init(plan, index: plan.options.threads, changed: changed)
  }

  // MARK: TrialWorker

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    SlowCrowd.makeSmall(&options)
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  override var placesToConnect: Range<Int> { sleepers.indices }

  override func number(of place: Int) -> Int { plan.quickConnections + place + 1 }

  override func connect(_ place: Int, _ now: UInt64) {
    sleepers[place].state = .connecting
    sleepers[place].connectTime = now
    dial(place, source: number(of: place) - 1)
  }

  override func gaveUpConnecting(_ place: Int) { sleepers[place].state = .over }

  override func prepare(_ now: UInt64) -> UInt64 {
    if lastReached == 0 || !board.isProbing { lastReached = now }
    let isLate = now > lastReached + UInt64(plan.options.timeout.nanoseconds)
    let isWaiting = sleepers.contains { $0.state == .open && !$0.isMember }
    // Their tasks blame those who are late.
    guard !isWaiting || isLate || board.isSenderLost else { return .max }
    if !isReached {
      isReached = true
      board.noteReached()
    }
    return becomeReady()
  }

  override func begin(_ now: UInt64) {}

  override func isDrained(_ now: UInt64) -> Bool { true }

  override var openCount: Int { sleepers.count { $0.state == .open } }

  override var isPointless: Bool { board.isSenderLost }

  override func describe(_ status: inout WorkerControl.Status) {
    status.unserved = sleepers.indices.filter { !sleepers[$0].isMember }.map { number(of: $0) }
  }

  // MARK: One of them

  func handle(_ connection: Connection) async throws {
    let place = connection.id
    noteOpened(after: Self.clock - sleepers[place].connectTime)
    sleepers[place].state = .open
    var loss: String?
    do {
      if let hello = plan.hello(of: number(of: place)) { try connection.write(hello) }
      sleepers[place].isMember = try await becomesMember(connection)
      lastReached = Self.clock
      wake()
      while sleepers[place].isMember, hot.pointee.phase < .draining {
        await pause(Self.pause)
        // Fails once the connection is lost.
        try connection.write(Bytes())
      }
    } catch ConnectionError.timedOut {
    } catch {
      loss = "\(error) before any message"
    }
    // Once it is a member, whether it is thrown out is the server's choice.
    if !sleepers[place].isMember, hot.pointee.phase < .draining, !board.isSenderLost {
      let what = loss ?? FaultText.notReached(plan.options)
      faults.add(loss == nil ? .notReached : .lost, "connection \(number(of: place)): \(what)")
    }
    sleepers[place].state = .over
    connection.reset()
    wake()
  }

  /// Reads until a probe comes.
  private func becomesMember(_ connection: Connection) async throws -> Bool {
    var rest: [UInt8] = []
    while hot.pointee.phase == .connecting {
      guard let bytes = try await connection.receive(within: plan.options.timeout) else { break }
      rest += bytes
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let isProbe = rest[..<end].withUnsafeBytes { line in
          board.lines.offset(in: line, hint: 0).map {
            board.lines.content(UnsafeRawBufferPointer(rebasing: line[$0...])) == .probe
          }
        }
        rest.removeFirst(end + 1)
        if isProbe == true { return true }
      }
    }
    return false
  }
}
