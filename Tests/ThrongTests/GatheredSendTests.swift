// Sends that leave together: when the handler waits, at a flush, as parts of one message. And none of them
// waits for longer than the handler.

import LinuxSystem
import TestSupport
import Testing
import Throng

extension AllTests {
  @Suite struct GatheredSends {
    @Test(arguments: Setup.all)
    func repliesLeaveAtAFlush(_ setup: Setup) async throws {
      let mayGoOn = Monitor(false)
      let handler = Serve { connection in
        let input = connection.reader()
        _ = try await input.line()
        try await connection.send("one\n")
        connection.flush()
        // Without waiting for anything that would let the reply leave.
        mayGoOn.wait { $0 ? () : nil }
        _ = try await input.line()
        try await connection.send("two\n")
      }
      try await withServer(handler, setup) { running in
        defer {
          mayGoOn.withLock { $0 = true }
          mayGoOn.wakeAll()
        }
        let client = try running.connect()
        try client.send("a\nb\n")
        #expect(try client.receiveText(4) == "one\n")
        mayGoOn.withLock { $0 = true }
        mayGoOn.wakeAll()
        #expect(try client.receiveText(4) == "two\n")
      }
    }

    @Test(arguments: Setup.all)
    func repliesLeaveWhenTheHandlerEnds(_ setup: Setup) async throws {
      let handler = Serve { connection in
        _ = try await connection.reader().line()
        try await connection.send("one\n")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("a\nb\n")
        #expect(String(decoding: try client.receiveToEndOrReset(), as: UTF8.self) == "one\n")
      }
    }

    /// More than the kernel and the outbox hold: the gathered replies do not pass the high-water mark.
    @Test(arguments: Setup.all)
    func manyLargeRepliesWaitForTheClient(_ setup: Setup) async throws {
      let reply = Bytes([UInt8](repeating: 7, count: 10_000))
      let count = 2_000
      let handler = Serve { connection in
        for try await _ in connection.lines() { try await connection.send(reply) }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect(receiveBuffer: 4096)
        try client.send(String(repeating: "\n", count: count))
        #expect(try client.receive(exactly: count * reply.count).allSatisfy { $0 == 7 })
        #expect(running.metrics.outboxHighMark <= 64 * 1024 + 2 * reply.count)
      }
    }

    @Test(arguments: Setup.all, [3, 3_000, 300_000])
    func partsArriveAsOneMessage(_ setup: Setup, _ size: Int) async throws {
      let parts = (0..<5).map { Bytes([UInt8](repeating: UInt8($0), count: size)) }
      let handler = Serve { connection in
        while try await connection.receive() != nil {
          try await connection.send(parts)
          try await connection.send([])
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        let expected = parts.flatMap { Array($0) }
        for _ in 0..<3 {
          try client.send("x")
          #expect(try client.receive(exactly: expected.count) == expected)
        }
        // A send is counted when it is over, which a client may see first.
        if size <= 3_000 { try eventually("three sends") { running.metrics.sends == 3 } }
      }
    }

    @Test(arguments: Setup.all)
    func aWriterIsSent(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for try await frame in connection.frames(lengthPrefix: .twoBytes) {
          var reply = ByteWriter()
          reply.write(lengthPrefix: .twoBytes) { $0.write(frame) }
          try await connection.send(reply)
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send([0, 1, 7, 0, 0, 0, 2, 8, 9])
        #expect(try client.receive(exactly: 9) == [0, 1, 7, 0, 0, 0, 2, 8, 9])
      }
    }
  }
}
