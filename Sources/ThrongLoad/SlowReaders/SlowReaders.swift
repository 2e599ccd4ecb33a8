// Clients that read slowly: each keeps 256 KiB of replies requested and reads 4 KiB every 100 ms,
// so that the server must buffer or stop reading.
// Their bytes are verified; their latencies are not part of the results. Runs on a load thread of
// its own.

import LinuxSystem
import SystemPackage
import Throng

final class SlowReaders: LoadThreadState, LoadThread, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`; the handlers' tasks run on its loop's
  // thread.
  private struct EchoConnection {
    var state = LoadConnectionState.none
    var wasServed = false
    var connectTime: UInt64 = 0
  }

  /// Maximum bytes of one read; the pause follows each read.
  static let readSize = 4096
  /// Pause after each read.
  static let pause = Duration.milliseconds(100)
  /// Interval of the check for the start of the load.
  private static let beginPause = Duration.milliseconds(10)
  private static let sendBufferSize = 16384
  /// Segment size of Ethernet. With the 64 KiB segments of the loopback, the kernel would buffer
  /// megabytes and the server would not see a slow reader.
  private static let segmentSize = 1400

  private var clients: [EchoConnection]

  override init(_ plan: RunPlan, index: Int, changed: SharedEvent) {
    clients = Array(repeating: EchoConnection(), count: plan.slowConnections)
    super.init(plan, index: index, changed: changed)
  }

  // MARK: LoadThread

  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    Self.limitBuffers(&options)
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  /// Small buffers and segments, so that unread data reaches the server's outbox.
  static func limitBuffers(_ options: inout Connector.Options) {
    options.connection.receiveBufferSize = readSize
    options.connection.sendBufferSize = sendBufferSize
    options.connection.maximumSegmentSize = segmentSize
  }

  var slotsToConnect: Range<Int> { clients.indices }

  func number(of slot: Int) -> Int { plan.quickConnections + slot + 1 }

  func connect(_ slot: Int, _ now: UInt64) {
    clients[slot].state = .connecting
    clients[slot].connectTime = now
    dial(slot, source: number(of: slot) - 1)
  }

  func markFailed(_ slot: Int) { clients[slot].state = .over }

  /// The clients' tasks check the phase themselves.
  func beginLoad(_ now: UInt64) {}

  /// Outstanding replies are not awaited, because that would take long.
  func isDrained(_ now: UInt64) -> Bool { true }

  var openCount: Int { clients.count { $0.state == .open } }

  var cannotContinue: Bool { clients.allSatisfy { $0.state == .over } }

  func fillStatus(_ status: inout ThreadControl.Status) {
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

  /// Requests and reads until the load ends.
  /// - Returns: the fault, if any.
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
            .closed, "server closed the connection at offset \(stream.received)")
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
