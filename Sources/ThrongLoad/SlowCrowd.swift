// The clients that read slowly, on a thread of their own: each keeps a quarter of a megabyte of replies
// asked for, and takes them by the sip. What they are sent piles up at the server, which has to hold it
// or to stop reading. Their bytes are verified; their times are in no figure of the others.

import SystemPackage
import Throng

final class SlowCrowd: TrialWorker, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `TrialWorker`; the handlers' tasks run on its loop's thread.
  private struct Client {
    var state = ThrongLoad.Client.State.none
    var wasServed = false
    var connectTime: UInt64 = 0
  }

  /// At most so many bytes are taken, and then nothing for the pause.
  static let sip = 4096
  static let pause = Duration.milliseconds(100)
  /// Until the load begins they look often whether it has.
  private static let beginPause = Duration.milliseconds(10)
  private static let sendBufferSize = 16384
  /// As on Ethernet: over the loopback's segments of 64 KiB the server's kernel would take megabytes,
  /// and the server would never notice.
  private static let segmentSize = 1400

  private var clients: [Client]

  override init(_ plan: WorkerPlan, index: Int, changed: SharedEvent) {
    clients = Array(repeating: Client(), count: plan.slowConnections)
    super.init(plan, index: index, changed: changed)
  }

  // MARK: TrialWorker

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    Self.makeSmall(&options)
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// So that what is not read comes to the server's notice.
  static func makeSmall(_ options: inout Connector.Options) {
    options.connection.receiveBufferSize = sip
    options.connection.sendBufferSize = sendBufferSize
    options.connection.maximumSegmentSize = segmentSize
  }

  override var placesToConnect: Range<Int> { clients.indices }

  override func number(of place: Int) -> Int { plan.quickConnections + place + 1 }

  override func connect(_ place: Int, _ now: UInt64) {
    clients[place].state = .connecting
    clients[place].connectTime = now
    dial(place, source: number(of: place) - 1)
  }

  override func gaveUpConnecting(_ place: Int) { clients[place].state = .over }

  /// Its tasks look at the phase.
  override func begin(_ now: UInt64) {}

  /// What is still asked for is not awaited: it would take long.
  override func isDrained(_ now: UInt64) -> Bool { true }

  override var openCount: Int { clients.count { $0.state == .open } }

  override var isPointless: Bool { clients.allSatisfy { $0.state == .over } }

  override func describe(_ status: inout WorkerControl.Status) {
    status.unserved = clients.indices.filter { !clients[$0].wasServed }.map { number(of: $0) }
  }

  // MARK: One client

  func handle(_ connection: Connection) async throws {
    let place = connection.id
    noteOpened(after: Self.clock - clients[place].connectTime)
    clients[place].state = .open
    var stream = SlowStream(plan, number: number(of: place))
    let fault = await converse(connection, &stream)
    if let fault, hot.pointee.phase < .draining {
      faults.add(fault.kind, "slow connection \(number(of: place)): \(fault.sentence)")
    }
    clients[place].state = .over
    clients[place].wasServed = stream.received > 0
    connection.reset()
  }

  /// Asks and sips until the load ends.
  /// - Returns: what went wrong, if anything did.
  private func converse(
    _ connection: Connection, _ stream: inout SlowStream
  ) async -> SlowStream.Fault? {
    do {
      while hot.pointee.phase < .running { await pause(Self.beginPause) }
      while hot.pointee.phase == .running {
        for piece in stream.ask() { try connection.write(piece) }
        let limit = plan.options.timeout
        guard let bytes = try await connection.receive(atMost: Self.sip, within: limit) else {
          return SlowStream.Fault(.closed, "the server closed it at offset \(stream.received)")
        }
        if let fault = stream.take(bytes) { return fault }
        if hot.pointee.isMeasuring { hot.pointee.records.pointee.slowBytes += bytes.count }
        await pause(Self.pause)
      }
      return nil
    } catch ConnectionError.timedOut {
      return SlowStream.Fault(
        .noReply, "no reply within \(plan.options.timeout) at offset \(stream.received)")
    } catch {
      return SlowStream.Fault(.lost, "\(error) at offset \(stream.received)")
    }
  }
}
