// Clients that read slowly, so that the server must buffer, stop reading, or disconnect them. Beside an
// echo load each keeps 256 KiB of replies requested and reads 4 KiB every 100 ms; in a fan-out each reads
// until its first probe, then nothing (a stalled receiver).
// What they read is verified; their latencies are not part of the results. Runs on a load thread of its own.

import LinuxSystem
import SystemPackage
import Throng

/// One slow reader. A value in the thread's array.
struct SlowReader: LoadClient {
  var state = ClientState.none
  var connectTime: UInt64 = 0
  /// Whether a reply or, in a fan-out, a probe was received.
  var wasServed = false
}

final class SlowReaders: LoadThreadState, LoadThread, Handler, @unchecked Sendable {
  // Invariant behind @unchecked: that of `LoadThread`; the handlers' tasks run on its loop's
  // thread.
  private struct Fault: Error {
    let kind: FaultKind
    let sentence: String
  }

  /// Maximum bytes of one read; the pause follows each read.
  static let readSize = 4096
  /// Pause after each read.
  static let pause = Duration.milliseconds(100)
  /// Bytes of replies requested ahead; for lines, bytes of messages.
  private static let window = 256 * 1024
  /// Interval of the check for the start of the load, and for a disconnect.
  private static let checkPause = Duration.milliseconds(20)
  private static let sendBufferSize = 16384
  /// Segment size of Ethernet. With the 64 KiB segments of the loopback, the kernel would buffer
  /// megabytes and the server would not see a slow reader.
  private static let segmentSize = 1400

  let clients: UnsafeMutableBufferPointer<SlowReader>
  /// The other receivers' progress, in a fan-out.
  private let progress: FanOutProgress?
  private var isReached = false
  /// Time at which the last receiver became a member.
  private var lastReached: UInt64 = 0

  init(_ plan: RunPlan, fanOut progress: FanOutProgress?, changed: SharedEvent) {
    clients = .allocate(capacity: plan.slowConnections)
    clients.initialize(repeating: SlowReader())
    self.progress = progress
    super.init(plan, index: plan.options.threads, changed: changed)
  }

  deinit { clients.deallocate() }

  // MARK: LoadThread

  func makeConnector(_ options: Connector.Options) throws(Errno) -> Connector {
    var options = options
    // Small buffers and segments, so that unread data reaches the server's outbox.
    options.connection.receiveBufferSize = Self.readSize
    options.connection.sendBufferSize = Self.sendBufferSize
    options.connection.maximumSegmentSize = Self.segmentSize
    return try Connector(self, options: options) { [unowned self] in connectFailed($0) }
  }

  func number(of slot: Int) -> Int { plan.quickConnections + slot + 1 }

  func connect(_ slot: Int, _ now: UInt64) { dial(slot, source: number(of: slot) - 1, now) }

  /// In a fan-out, ready once all are members. Late ones are reported by their own tasks.
  func prepare(_ now: UInt64) -> UInt64 {
    guard let progress else { return becomeReady() }
    if lastReached == 0 || !progress.isProbing.isSet { lastReached = now }
    let isWaiting = clients.contains { $0.state == .open && !$0.wasServed }
    guard !isWaiting || now > lastReached + plan.timeout || progress.isSenderLost.isSet else {
      return .max
    }
    if !isReached {
      isReached = true
      progress.noteReached()
    }
    return becomeReady()
  }

  var cannotContinue: Bool {
    progress?.isSenderLost.isSet ?? clients.allSatisfy { $0.state == .over }
  }

  func fillStatus(_ status: inout ThreadControl.Status) {
    status.unserved = clients.indices.filter { !clients[$0].wasServed }.map { number(of: $0) }
  }

  // MARK: One client

  func handle(_ connection: Connection) async throws {
    let slot = connection.id
    noteOpened(connection)
    do throws(Fault) {
      if let progress {
        try await stall(connection, progress)
      } else {
        try await readSlowly(connection)
      }
    } catch {
      let name = progress == nil ? "slow connection" : "connection"
      if hot.pointee.phase < .draining {
        let hint: FaultHint? = error.kind == .notReached ? plan.helloHint : nil
        faults.add(error.kind, hint: hint, "\(name) \(number(of: slot)): \(error.sentence)")
      }
    }
    clients[slot].state = .over
    connection.reset()
    wake()
  }

  /// Requests and reads until the load ends. Outstanding replies are not awaited, because that would take
  /// long.
  private func readSlowly(_ connection: Connection) async throws(Fault) {
    var stream = EchoStream(plan, number: number(of: connection.id))
    stream.restart(plan, number: number(of: connection.id))
    let window = plan.pattern.window.withUnsafeBytes { $0.baseAddress! }  // retained by `plan`
    do {
      while hot.pointee.phase < .running { await pause(Self.checkPause) }
      while hot.pointee.phase == .running {
        try request(&stream, connection)
        let limit = plan.options.timeout
        guard let bytes = try await connection.receive(atMost: Self.readSize, within: limit) else {
          throw Fault(
            kind: .closed,
            sentence: "server closed the connection at offset \(stream.received)")
        }
        let fault = withExtendedLifetime(bytes) {
          stream.take(stream.skipGreeting(bytes.unsafeBuffer), plan, window).fault
        }
        clients[connection.id].wasServed = stream.received > 0
        if let fault {
          throw Fault(kind: fault.kind, sentence: fault.sentence(at: stream.received))
        }
        if hot.pointee.isMeasuring { hot.pointee.records.pointee.slowBytes += bytes.count }
        await pause(Self.pause)
      }
    } catch let fault as Fault {
      throw fault
    } catch ConnectionError.timedOut {
      throw Fault(
        kind: .noReply,
        sentence: "no reply within \(plan.options.timeout) at offset \(stream.received)")
    } catch {
      throw Fault(kind: .lost, sentence: "\(error) at offset \(stream.received)")
    }
  }

  /// Sends messages that fill the window; at least one reply is always outstanding.
  private func request(_ stream: inout EchoStream, _ connection: Connection) throws {
    var left = 0
    var lines: [UInt8] = []
    while true {
      let size = stream.nextSize(plan.sampler)
      let units = plan.replyUnits(to: size)
      let unitSize = plan.load.messages.reply == .line ? size : 1
      guard stream.outstanding == 0 || (stream.outstanding + units) * unitSize <= Self.window else {
        break
      }
      stream.request(units)
      if plan.load.messages.reply == .line {
        MessageLine.append(size, to: &lines)
      } else {
        left += size
      }
    }
    if !lines.isEmpty { try connection.write(Bytes(lines)) }
    while left > 0 {
      let piece = stream.nextPiece(plan, atMost: left)
      left -= piece.count
      try connection.write(piece)
    }
  }

  // MARK: One stalled receiver

  /// Reads until a probe has come, then nothing. That the server then disconnects the client is its policy
  /// and no fault.
  private func stall(_ connection: Connection, _ progress: FanOutProgress) async throws(Fault) {
    let slot = connection.id
    do {
      if let hello = plan.hello(of: number(of: slot)) { try connection.write(hello) }
      clients[slot].wasServed = try await receivesProbe(connection, progress)
      lastReached = Self.clock
      wake()
      while clients[slot].wasServed, hot.pointee.phase < .draining {
        await pause(Self.checkPause)
        // Throws once the connection is lost.
        try connection.write(Bytes())
      }
    } catch {
      guard !clients[slot].wasServed, !progress.isSenderLost.isSet else { return }
      guard case ConnectionError.timedOut = error else {
        throw Fault(kind: .lost, sentence: "\(error) before the first message")
      }
    }
    if !clients[slot].wasServed, !progress.isSenderLost.isSet {
      throw Fault(kind: .notReached, sentence: plan.notReachedText)
    }
  }

  private func receivesProbe(
    _ connection: Connection, _ progress: FanOutProgress
  ) async throws -> Bool {
    var rest: [UInt8] = []
    while hot.pointee.phase == .connecting {
      guard let bytes = try await connection.receive(within: plan.options.timeout) else { break }
      rest += bytes
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let isProbe = rest[..<end].withUnsafeBytes { progress.lines.isProbe($0) }
        rest.removeFirst(end + 1)
        if isProbe { return true }
      }
    }
    return false
  }
}
