// The clients that read slowly, on a thread of their own: each keeps a quarter of a megabyte of replies
// asked for, and takes them by the sip. What they are sent piles up at the server, which has to hold it
// or to stop reading. Their bytes are verified; their times are in no figure of the others.

import SystemPackage
import Throng

final class SlowReaders: LoadThread, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`; the handlers' tasks run on its loop's thread.
  private struct EchoConnection {
    var state = LoadConnectionState.none
    var wasServed = false
    var connectTime: UInt64 = 0
  }

  /// At most so many bytes are taken, and then nothing for the pause.
  static let readSize = 4096
  static let pause = Duration.milliseconds(100)
  /// Until the load begins they look often whether it has.
  private static let beginPause = Duration.milliseconds(10)
  private static let sendBufferSize = 16384
  /// As on Ethernet: over the loopback's segments of 64 KiB the server's kernel would take megabytes,
  /// and the server would never notice.
  private static let segmentSize = 1400

  private var clients: [EchoConnection]

  override init(_ plan: RunPlan, index: Int, changed: SharedEvent) {
    clients = Array(repeating: EchoConnection(), count: plan.slowConnections)
    super.init(plan, index: index, changed: changed)
  }

  // MARK: LoadThread

  override func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    Self.limitBuffers(&options)
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// So that what is not read comes to the server's notice.
  static func limitBuffers(_ options: inout Connector.Options) {
    options.connection.receiveBufferSize = readSize
    options.connection.sendBufferSize = sendBufferSize
    options.connection.maximumSegmentSize = segmentSize
  }

  override var slotsToConnect: Range<Int> { clients.indices }

  override func number(of slot: Int) -> Int { plan.quickConnections + slot + 1 }

  override func connect(_ slot: Int, _ now: UInt64) {
    clients[slot].state = .connecting
    clients[slot].connectTime = now
    dial(slot, source: number(of: slot) - 1)
  }

  override func markFailed(_ slot: Int) { clients[slot].state = .over }

  /// Its tasks look at the phase.
  override func beginLoad(_ now: UInt64) {}

  /// What is still asked for is not awaited: it would take long.
  override func isDrained(_ now: UInt64) -> Bool { true }

  override var openCount: Int { clients.count { $0.state == .open } }

  override var cannotContinue: Bool { clients.allSatisfy { $0.state == .over } }

  override func fillStatus(_ status: inout ThreadControl.Status) {
    status.unserved = clients.indices.filter { !clients[$0].wasServed }.map { number(of: $0) }
  }

  // MARK: One client

  func handle(_ connection: Connection) async throws {
    let slot = connection.id
    noteOpened(after: Self.clock - clients[slot].connectTime)
    clients[slot].state = .open
    var stream = SlowReaderStream(plan, number: number(of: slot))
    let fault = await converse(connection, &stream)
    if let fault, hot.pointee.phase < .draining {
      faults.add(fault.kind, "slow connection \(number(of: slot)): \(fault.sentence)")
    }
    clients[slot].state = .over
    clients[slot].wasServed = stream.received > 0
    connection.reset()
  }

  /// Asks and sips until the load ends.
  /// - Returns: what went wrong, if anything did.
  private func converse(
    _ connection: Connection, _ stream: inout SlowReaderStream
  ) async -> SlowReaderStream.Fault? {
    do {
      while hot.pointee.phase < .running { await pause(Self.beginPause) }
      while hot.pointee.phase == .running {
        for piece in stream.ask() { try connection.write(piece) }
        let limit = plan.options.timeout
        guard let bytes = try await connection.receive(atMost: Self.readSize, within: limit) else {
          return SlowReaderStream.Fault(
            .closed, "the server closed it at offset \(stream.received)")
        }
        if let fault = stream.take(bytes) { return fault }
        if hot.pointee.isMeasuring { hot.pointee.records.pointee.slowBytes += bytes.count }
        await pause(Self.pause)
      }
      return nil
    } catch ConnectionError.timedOut {
      return SlowReaderStream.Fault(
        .noReply, "no reply within \(plan.options.timeout) at offset \(stream.received)")
    } catch {
      return SlowReaderStream.Fault(.lost, "\(error) at offset \(stream.received)")
    }
  }
}
