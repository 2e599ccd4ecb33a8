// Every byte arrives once and in order: large streams in odd pieces, single bytes, many clients at
// once, half-closes either way, writes from elsewhere.

import LinuxSystem
import TestSupport
import Testing
import Throng
import ThrongHandlers

/// An echo that stops reading while its client does not read.
struct PoliteEventEcho: EventHandler {
  func received(_ bytes: Bytes, on connection: Connection) { try? connection.write(bytes) }
}

/// A server that echoes, under either API.
func withEcho<Outcome: Sendable>(
  _ setup: Setup, _ api: API,
  configure: @escaping @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  switch api {
  case .handler: try await withServer(Echo(), setup, configure: configure, body)
  case .events: try await withServer(events: PoliteEventEcho(), setup, configure: configure, body)
  }
}

extension AllTests {
  @Suite struct Streams {
    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func noByteOfALargeEchoIsLostOrSwapped(_ setup: Setup, _ api: API) async throws {
      try await withEcho(setup, api) { running in
        let pattern = TestPattern()
        let total = 64 << 20
        let client = try running.connect()
        try concurrently(2) { role in
          var position = 0
          if role == 0 {
            var generator = SeededGenerator(seed: 64)
            while position < total {
              let count = min(Int.random(in: 1...65_000, using: &generator), total - position)
              try client.send(pattern.bytes(at: position, count: count))
              position += count
            }
            return try client.finishSending()
          }
          while true {
            let bytes = try client.receive(atMost: 1 << 20)
            if bytes.isEmpty { break }
            try check(pattern.matches(bytes, at: position), "wrong bytes near \(position)")
            position += bytes.count
          }
          try check(position == total, "\(position) of \(total) bytes came back")
        }
      }
    }

    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func aThousandClientsAtOnceAreAllServed(_ setup: Setup, _ api: API) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.maximumConnectionsPerAddress = nil
      }
      try await withEcho(setup, api, configure: configure) { running in
        let clients = try (0..<1000).map { _ in try running.connect() }
        for (index, client) in clients.enumerated() { try client.send("client \(index)") }
        for (index, client) in clients.enumerated() {
          let text = "client \(index)"
          #expect(try client.receiveText(text.utf8.count) == text)
        }
        #expect(running.metrics.open == 1000)
        for client in clients { client.close() }
        try eventually("all have gone") { running.metrics.open == 0 }
      }
    }

    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func singleBytesArriveInOrder(_ setup: Setup, _ api: API) async throws {
      try await withEcho(setup, api) { running in
        let client = try running.connect()
        let bytes = Array(TestPattern(seed: 2).bytes(at: 0, count: 500))
        for byte in bytes { try client.send([byte]) }
        #expect(try client.receive(exactly: bytes.count) == bytes)
        for byte in bytes.prefix(100) {
          try client.send([byte])
          #expect(try client.receive(exactly: 1) == [byte])
        }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func sendingNothingIsNoEnd(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await connection.send("")
        try await connection.send("a")
        try await connection.send(Bytes())
        try connection.write(Bytes())
        try await connection.send("b")
      }
      try await withServer(handler, setup) { running in
        let bytes = try running.connect().receiveToEnd()
        #expect(bytes == Array("ab".utf8))
      }
    }

    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func aClientThatHasFinishedSendingStillGetsItsReply(
      _ setup: Setup, _ api: API
    ) async throws {
      struct Summing: EventHandler {
        let count = Shared(0)
        func received(_ bytes: Bytes, on connection: Connection) {
          count.change { $0 += bytes.count }
        }
        func inputEnded(_ connection: Connection) {
          try? connection.write(Bytes("\(count.value)"))
          connection.close()
        }
      }
      let handler = Serve { connection in
        var count = 0
        for try await bytes in connection.inbound { count += bytes.count }
        try await connection.send("\(count)")
      }
      let talk: @Sendable (RunningServer) throws -> Void = { running in
        let client = try running.connect()
        try client.send([UInt8](repeating: 7, count: 300_000))
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("300000".utf8))
      }
      switch api {
      case .handler: try await withServer(handler, setup, talk)
      case .events: try await withServer(events: Summing(), setup, talk)
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aServerThatHasFinishedSendingStillReceives(_ setup: Setup) async throws {
      let received = Shared(0)
      let handler = Serve { connection in
        try await connection.send("bye")
        connection.closeOutbound()
        await #expect(throws: ConnectionError.closed) { try await connection.send("late") }
        for try await bytes in connection.inbound { received.change { $0 += bytes.count } }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("bye".utf8))
        for _ in 0..<20 { try client.send([UInt8](repeating: 1, count: 10_000)) }
        try client.finishSending()
        try eventually("all was received") { received.value == 200_000 }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func whatWasSentBeforeTheHandlerReturnsArrives(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for index in 0..<64 {
          try connection.write(Bytes([UInt8](repeating: UInt8(index), count: 10_000)))
        }
      }
      try await withServer(handler, setup, configure: { $0.connection.sendBufferSize = 16384 }) {
        running in
        let client = try running.connect(receiveBuffer: 16384)
        let bytes = try client.receiveToEnd()
        #expect(bytes == (0..<64).flatMap { [UInt8](repeating: UInt8($0), count: 10_000) })
      }
    }

    /// What the client sends meanwhile is of no interest, and must not cost it the reply.
    @Test(arguments: Setup.plainAndSecure)
    func aReplyArrivesAlthoughTheClientStillSends(_ setup: Setup) async throws {
      let reply = [UInt8](repeating: 9, count: 1 << 20)
      let handler = Serve { connection in
        _ = try await connection.receive()
        try await connection.send(Bytes(reply))
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try concurrently(2) { role in
          if role == 0 {
            // Until the server has closed.
            while (try? client.send([UInt8](repeating: 1, count: 1000))) != nil {}
          } else {
            let bytes = try client.receive(exactly: reply.count)
            try check(bytes == reply, "the reply is damaged")
            try client.finishSending()
          }
        }
      }
    }

    /// Each of several threads writes numbered lines to one client; each thread's stay in order.
    @Test(arguments: Setup.plainAndSecure)
    func writesFromOtherThreadsKeepEachWritersOrder(_ setup: Setup) async throws {
      let connection = Shared<Connection?>(nil)
      let handler = Serve { c in
        connection.change { $0 = c }
        for try await _ in c.inbound {}
      }
      try await withServer(
        handler, setup, configure: { $0.connection.slowReaders.outboxLimit = 64 << 20 }
      ) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("the handler runs") { connection.value != nil }
        let target = connection.value!
        connection.change { $0 = nil }
        let perWriter = 2000
        try concurrently(5) { role in
          if role < 4 {
            for number in 0..<perWriter { try target.write(Bytes("\(role) \(number)\n")) }
            return
          }
          var next = [0, 0, 0, 0]
          var rest: [UInt8] = []
          while next.contains(where: { $0 < perWriter }) {
            rest += try client.receive()
            var lines = rest.split(separator: 10, omittingEmptySubsequences: false)
            rest = Array(lines.removeLast())
            for line in lines {
              let numbers = String(decoding: line, as: UTF8.self).split(separator: " ")
              let (writer, number) = (Int(numbers[0])!, Int(numbers[1])!)
              try check(next[writer] == number, "\(line) instead of \(next[writer])")
              next[writer] += 1
            }
          }
        }
      }
    }

    /// What one client says reaches all the others: `write` to connections of other threads and loops.
    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func clientsReachEachOther(_ setup: Setup, _ api: API) async throws {
      let room = Shared<Set<Connection>>([])
      struct Members: EventHandler {
        let room: Shared<Set<Connection>>
        func opened(_ connection: Connection) { room.change { _ = $0.insert(connection) } }
        func received(_ bytes: Bytes, on connection: Connection) {
          for member in room.value { try? member.write(bytes) }
        }
        func closed(_ connection: Connection, error: ConnectionError?) {
          room.change { _ = $0.remove(connection) }
        }
      }
      let handler = Serve { connection in
        room.change { _ = $0.insert(connection) }
        defer { room.change { _ = $0.remove(connection) } }
        for try await bytes in connection.inbound {
          for member in room.value { try? member.write(bytes) }
        }
      }
      let talk: @Sendable (RunningServer) throws -> Void = { running in
        let clients = try (0..<20).map { _ in try running.connect() }
        try eventually("all are in the room") { room.value.count == 20 }
        for client in clients { try client.send("hello") }
        for client in clients {
          #expect(try client.receiveText(100) == String(repeating: "hello", count: 20))
        }
        for client in clients { client.close() }
        try eventually("the room is empty") { room.value.isEmpty }
      }
      switch api {
      case .handler: try await withServer(handler, setup, talk)
      case .events: try await withServer(events: Members(room: room), setup, talk)
      }
    }
  }
}
