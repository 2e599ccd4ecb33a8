// What waits for the end of a turn is not held against its reader, and what fails in a `write` is told
// by the loop.

import LinuxSystem
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct DeferredWrites {
    @Test(arguments: Setup.all)
    func nobodyIsJudgedByWhatTheKernelWasNotOffered(_ setup: Setup) async throws {
      let policy = SlowReaderPolicy(outboxLimit: 50_000, softLimit: 20_000, gracePeriod: .zero)
      let large = Bytes([UInt8](repeating: 1, count: 60_000))
      let small = Bytes([UInt8](repeating: 2, count: 10_000))
      let handler = Serve { connection in
        try connection.write(large, flush: .endOfTurn, policy: policy)
        for _ in 0..<12 { try connection.write(small, flush: .endOfTurn, policy: policy) }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 1 << 20
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd().count == 60_000 + 12 * 10_000)
        #expect(running.metrics.droppedClients == 0)
      }
    }

    /// Writes to the first client until that one is dropped, when another sends something.
    private struct Flooding: EventHandler {
      let first = Shared<Connection?>(nil)
      let writer = Shared<UInt?>(nil)
      let endings = Shared<[String]>([])

      func opened(_ connection: Connection) {
        first.change { if $0 == nil { $0 = connection } }
      }

      func received(_ bytes: Bytes, on connection: Connection) {
        let piece = Bytes([UInt8](repeating: 3, count: 100_000))
        writer.change { $0 = Thread.currentID }
        while (try? first.value?.write(piece)) != nil {}
        writer.change { $0 = nil }
      }

      func closed(_ connection: Connection, error: ConnectionError?) {
        guard connection === first.value else { return }
        let isNested = writer.value == Thread.currentID
        endings.change { $0.append(isNested ? "within the write" : "\(error?.description ?? "")") }
      }
    }

    @Test(arguments: Setup.all)
    func anEventHandlerIsNotToldOfAnEndOutOfAWrite(_ setup: Setup) async throws {
      let handler = Flooding()
      let expected = ConnectionError.tooSlow(limit: 1 << 20).description
      try await withServer(events: handler, setup) { running in
        let slow = try running.connect()
        try eventually("it is there") { handler.first.value != nil }
        let other = try running.connect()
        try other.send("x")
        try eventually("it is dropped") { !handler.endings.value.isEmpty }
        #expect(handler.endings.value == [expected])
        #expect(try slow.isReset())
        handler.first.change { $0 = nil }
      }
    }

    /// A member that says nothing for longer than the idle limit, while a callback of it runs.
    private struct Blocking: EventHandler {
      let first = Shared<Connection?>(nil)
      let isBlocked = Monitor(true)

      func received(_ bytes: Bytes, on connection: Connection) {
        if first.change({ first in
          defer { if first == nil { first = connection } }
          return first == nil
        }) {
          isBlocked.wait { $0 ? nil : () }
        } else {
          try? first.value?.write("y", flush: .endOfTurn)
        }
      }
    }

    @Test
    func aTimerThatFiresDuringACallbackIsNotLost() async throws {
      let handler = Blocking()
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.idleTimeout = .milliseconds(500)
      }
      let setup = Setup(model: .threadPool(threads: 3))
      try await withServer(events: handler, setup, configure: configure) { running in
        let blocked = try running.connect()
        try blocked.send("x")
        try eventually("it is blocked") { handler.first.value != nil }
        try eventually("another has timed out") {
          let other = try running.connect()
          return try other.receiveToEnd().isEmpty
        }
        let writing = try running.connect()
        try writing.send("x")
        try eventually("it was written to") { handler.first.value?.outboxByteCount == 1 }
        handler.isBlocked.withLock { $0 = false }
        handler.isBlocked.wakeAll()
        #expect(try blocked.receiveToEnd() == Array("y".utf8))
        handler.first.change { $0 = nil }
      }
    }

    /// Its kernel acknowledges every probe, so nothing else would ever end it.
    @Test(arguments: Setup.all)
    func aClosingConnectionWhoseClientTakesNothingIsReset(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try connection.write(Bytes([UInt8](repeating: 1, count: 1_000_000)))
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
        $0.connection.flushTimeout = .milliseconds(50)
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("it was given up") { running.metrics.timedOut == 1 }
        #expect(try client.isReset())
      }
    }

    @Test func theGracePeriodBeginsAnewOnceTheClientHasRead() {
      let policy = SlowReaderPolicy(softLimit: 100, gracePeriod: .seconds(1))
      var progress = SendProgress()
      var outbox = Outbox()
      func isDropped(at seconds: UInt64) -> Bool {
        let now = MonotonicTime(nanoseconds: seconds * 1_000_000_000)
        return policy.overflow(
          of: outbox.byteCount, by: 10, afterSending: 0, &progress, now: now) != nil
      }
      let bytes = [UInt8](repeating: 1, count: 95)
      bytes.withUnsafeBytes { outbox.append(copying: $0) }
      #expect(!isDropped(at: 1))
      // Everything was read, and then something was queued that no `write` has seen.
      outbox.drop(95)
      progress.note(left: 0, now: MonotonicTime(nanoseconds: 4_000_000_000))
      bytes.withUnsafeBytes { outbox.append(copying: $0) }
      #expect(!isDropped(at: 5))
      #expect(!isDropped(at: 6))
      #expect(isDropped(at: 7))
    }
  }
}
