// A client that does not read costs a bounded amount of memory, and gets everything once it reads.

import Testing
import Throng
import ThrongHandlers

extension AllTests {
  @Suite struct Backpressure {
    private static let narrow: @Sendable (inout Configuration) -> Void = {
      $0.connection.sendBufferSize = 16384
      $0.connection.receiveBufferSize = 16384
    }

    @Test(arguments: Setup.all, API.allCases)
    func aClientThatDoesNotReadCostsBoundedMemory(_ setup: Setup, _ api: API) async throws {
      try await withEcho(setup, api, configure: Self.narrow) { running in
        let pattern = Pattern()
        let client = try running.connect(receiveBuffer: 16384)
        let other = try running.connect()
        var sent = 0
        // Until neither side's kernel nor the server takes any more, although it serves others.
        var refusals = 0
        while refusals < 100 {
          let count = try client.sendWithoutWaiting(Array(pattern.bytes(at: sent, count: 20_000)))
          sent += count
          if count > 0 {
            refusals = 0
          } else {
            refusals += 1
            try other.send("x")
            #expect(try other.receiveText(1) == "x")
          }
        }
        let options = running.server.configuration.connection
        let message = 65536
        #expect(running.metrics.outboxHighMark <= options.highWaterMark + message)
        #expect(sent < 4 << 20)
        // Now it reads, and nothing is lost.
        try client.finishSending()
        let bytes = try client.receiveToEnd()
        #expect(bytes.count == sent)
        #expect(pattern.matches(bytes, at: 0))
      }
    }

    /// A sender that waits goes on when the client reads, again and again.
    @Test(arguments: Setup.all)
    func aSenderThatWaitsGoesOn(_ setup: Setup) async throws {
      let messages = 400
      let handler = Serve { connection in
        let pattern = Pattern()
        var position = 0
        for index in 0..<messages {
          let count = 1 + index * 7919 % 40_000
          try await connection.send(Bytes(pattern.bytes(at: position, count: count)))
          position += count
        }
      }
      try await withServer(handler, setup, configure: Self.narrow) { running in
        let client = try running.connect(receiveBuffer: 16384)
        let bytes = try client.receiveToEnd()
        #expect(bytes.count == (0..<messages).reduce(0) { $0 + 1 + $1 * 7919 % 40_000 })
        #expect(Pattern().matches(bytes, at: 0))
        let options = running.server.configuration.connection
        #expect(running.metrics.outboxHighMark <= options.highWaterMark + 40_000)
      }
    }

    /// Several tasks send to one client at once; no message is torn.
    @Test(arguments: Setup.all)
    func messagesOfSeveralSendersAreNotMixed(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for sender in 0..<4 {
            group.addTask {
              for _ in 0..<50 {
                try await connection.send(
                  Bytes([UInt8](repeating: UInt8(65 + sender), count: 9999) + [10]))
              }
            }
          }
          try await group.waitForAll()
        }
      }
      try await withServer(handler, setup, configure: Self.narrow) { running in
        let bytes = try running.connect(receiveBuffer: 16384).receiveToEnd()
        #expect(bytes.count == 200 * 10_000)
        let isWhole = stride(from: 0, to: bytes.count, by: 10_000).allSatisfy { start in
          bytes[start..<start + 9999].allSatisfy { $0 == bytes[start] } && bytes[start + 9999] == 10
        }
        #expect(isWhole)
      }
    }

    @Test(arguments: Setup.all)
    func writeDropsAClientThatDoesNotRead(_ setup: Setup) async throws {
      let outcome = Shared<ConnectionError?>(nil)
      let handler = Serve { connection in
        do throws(ConnectionError) {
          for _ in 0..<1000 { try connection.write(Bytes([UInt8](repeating: 1, count: 10_000))) }
        } catch {
          outcome.change { $0 = error }
          // The client is dropped, so everything fails from now on.
          await #expect(throws: error) { try await connection.receive() }
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.narrow(&$0)
        $0.connection.slowReaders.outboxLimit = 100_000
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("the limit is met") { outcome.value != nil }
        #expect(outcome.value == .tooSlow(limit: 100_000))
        #expect(try client.isReset())
        #expect(running.metrics.droppedMessages == 1)
        #expect(running.metrics.droppedClients == 1)
        #expect(running.metrics.outboxHighMark <= 100_000)
      }
    }

    @Test(arguments: Setup.all)
    func writeDropsTheMessageWhenThatIsWanted(_ setup: Setup) async throws {
      let accepted = Shared(0)
      let handler = Serve { connection in
        for index in 0..<300 {
          do throws(ConnectionError) {
            let message = "\(index) \(String(repeating: "x", count: 4000))\n"
            try connection.write(Bytes(message))
            accepted.change { $0 += 1 }
          } catch {
            #expect(error == .outboxFull(limit: 100_000))
          }
        }
        try connection.write("end\n")
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.narrow(&$0)
        $0.connection.slowReaders.outboxLimit = 100_000
        $0.connection.slowReaders.overflow = .dropMessage
      }
      let done = Shared(false)
      let last = Serve { connection in
        do { try await handler.handle(connection) } catch { #expect(error is ConnectionError) }
        done.change { $0 = true }
      }
      try await withServer(last, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("everything was written") { done.value }
        let lines = try client.receiveToEnd().split(separator: 10)
        let whole = lines.filter { $0.count > 4000 }
        #expect(whole.count == accepted.value)
        #expect(lines.count - whole.count <= 1)
        #expect(running.metrics.droppedMessages >= 300 - accepted.value)
      }
    }

    /// One client that does not read must not slow down the others.
    @Test(arguments: Setup.all, API.allCases)
    func aClientThatDoesNotReadHoldsUpNobody(_ setup: Setup, _ api: API) async throws {
      try await withEcho(setup, api, configure: Self.narrow) { running in
        let idlers = try (0..<4).map { _ in try running.connect(receiveBuffer: 16384) }
        for idler in idlers {
          while try idler.sendWithoutWaiting([UInt8](repeating: 1, count: 10_000)) > 0 {}
        }
        let client = try running.connect()
        for _ in 0..<200 {
          try client.send("ping")
          #expect(try client.receiveText(4) == "ping")
        }
        for idler in idlers { idler.reset() }
      }
    }
  }
}
