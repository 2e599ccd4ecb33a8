// A client that does not read costs a bounded amount of memory, and gets everything once it reads.

import LinuxSystem
import TestSupport
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
        let pattern = TestPattern()
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

    /// A writeWaiter that waits goes on when the client reads, again and again.
    @Test(arguments: Setup.plainAndSecure)
    func aSenderThatWaitsGoesOn(_ setup: Setup) async throws {
      let messages = 400
      let handler = Serve { connection in
        let pattern = TestPattern()
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
        #expect(TestPattern().matches(bytes, at: 0))
        let options = running.server.configuration.connection
        #expect(running.metrics.outboxHighMark <= options.highWaterMark + 40_000)
      }
    }

    /// Several tasks send to one client at once; no message is torn.
    @Test(arguments: Setup.plainAndSecure)
    func messagesOfSeveralSendersAreNotMixed(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for writeWaiter in 0..<4 {
            group.addTask {
              for _ in 0..<50 {
                try await connection.send(
                  Bytes([UInt8](repeating: UInt8(65 + writeWaiter), count: 9999) + [10]))
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

    /// A frame is one message, whatever its length: the prefix and the bytes stay together.
    @Test(arguments: Setup.plainAndSecure)
    func framesOfSeveralSendersAreNotMixed(_ setup: Setup) async throws {
      let (writeWaiters, frames) = (4, 40)
      let handler = Serve { connection in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for writeWaiter in 0..<writeWaiters {
            group.addTask {
              var generator = SeededGenerator(seed: UInt64(writeWaiter))
              for _ in 0..<frames {
                let count = Int.random(in: 5 << 10...100 << 10, using: &generator)
                let frame = Bytes([UInt8](repeating: UInt8(writeWaiter), count: count))
                try await connection.send(frame: frame, lengthPrefix: .fourBytes)
              }
            }
          }
          try await group.waitForAll()
        }
      }
      try await withServer(handler, setup, configure: Self.narrow) { running in
        let client = try running.connect(receiveBuffer: 16384)
        var counts = [Int](repeating: 0, count: writeWaiters)
        for _ in 0..<writeWaiters * frames {
          let length = try client.receive(exactly: 4).reduce(0) { $0 << 8 | Int($1) }
          try check((5 << 10...100 << 10).contains(length), "a frame of \(length) bytes")
          let frame = try client.receive(exactly: length)
          try check(
            frame[0] < writeWaiters && frame.allSatisfy { $0 == frame[0] }, "two frames are mixed")
          counts[Int(frame[0])] += 1
        }
        #expect(counts == [Int](repeating: frames, count: writeWaiters))
        #expect(try client.receiveToEnd().isEmpty)
      }
    }

    /// A loop that ignores the error must not fill the memory.
    @Test(arguments: Setup.plainAndSecure)
    func aCancelledSenderQueuesNoMoreThanTheHighWaterMark(_ setup: Setup) async throws {
      let piece = 32 * 1024
      let outcome = Shared<(waiting: Int, errors: [String])?>(nil)
      let handler = Serve { connection in
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          var errors: [String] = []
          for _ in 0..<300 {
            do {
              try await connection.send(Bytes([UInt8](repeating: 1, count: piece)))
            } catch {
              errors.append("\(type(of: error))")
            }
          }
          return errors
        }
        let errors = await task.value
        outcome.change { $0 = (connection.outboxByteCount, errors) }
        connection.reset()
      }
      try await withServer(handler, setup, configure: Self.narrow) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("it was cancelled", within: .seconds(30)) { outcome.value != nil }
        let (waiting, errors) = try #require(outcome.value)
        #expect(waiting <= running.server.configuration.connection.highWaterMark)
        #expect(errors.count > 200)
        #expect(Set(errors) == ["CancellationError"])
        #expect(try client.isReset())
      }
    }

    @Test(arguments: Setup.plainAndSecure)
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

    @Test(arguments: Setup.plainAndSecure)
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
