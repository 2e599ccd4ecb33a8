// A client that sends very many small messages at once costs few system calls, and does not keep a loop
// to itself.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

/// What a flooding handler and its test share.
private final class Flood: Sendable {
  static let size = 65536
  /// Messages of the flood that were answered.
  let answered = Shared(0)
  let mayGoOn = Monitor(false)
  /// How many had been answered when the other client was.
  let answeredBefore = Shared<Int?>(nil)

  /// The first message of the flood holds its thread until the other client has sent something.
  func note() {
    if answered.change({
      $0 += 1; return $0
    }) == 1 {
      mayGoOn.wait { $0 ? () : nil }
    }
  }

  func letGo() {
    mayGoOn.withLock { $0 = true }
    mayGoOn.wakeAll()
  }
}

private struct LineCounter: Handler {
  let flood: Flood

  func handle(_ connection: Connection) async throws {
    for try await line in connection.lines() {
      if line.isEmpty {
        flood.note()
        try await connection.send("\n")
      } else {
        flood.answeredBefore.change { $0 = flood.answered.value }
        try await connection.send("pong\n")
      }
    }
  }
}

private struct FrameCounter: Handler {
  let flood: Flood

  func handle(_ connection: Connection) async throws {
    for try await frame in connection.frames(lengthPrefix: .oneByte) {
      if frame.isEmpty {
        flood.note()
        try await connection.send(frame: frame, lengthPrefix: .oneByte)
      } else {
        flood.answeredBefore.change { $0 = flood.answered.value }
        try await connection.send("pong\n")
      }
    }
  }
}

extension AllTests {
  @Suite struct Floods {
    @Test(arguments: Setup.all, [true, false])
    func repliesToMessagesThatCameTogetherLeaveTogether(
      _ setup: Setup, _ isLines: Bool
    ) async throws {
      let flood = Flood()
      flood.letGo()
      try await withFlood(flood, setup, isLines) { running in
        let client = try running.connect()
        try send(flood, isLines, by: client)
        let byte: UInt8 = isLines ? 10 : 0
        let replies = try client.receive(exactly: Flood.size)
        #expect(replies.allSatisfy { $0 == byte })
        // Another worker of a pool may send what is queued while the handler goes on.
        if case .threadPool(let threads) = setup.model.kind, threads > 1 { return }
        #expect(running.metrics.sends < Flood.size / 16)
      }
    }

    @Test(arguments: Setup.all, [true, false])
    func anotherClientIsServedInBetween(_ setup: Setup, _ isLines: Bool) async throws {
      let flood = Flood()
      try await withFlood(flood, setup, isLines) { running in
        let other = try running.connect()
        let client = try running.connect()
        try eventually("both are there") { running.metrics.open == 2 }
        try send(flood, isLines, by: client)
        try eventually("the flood has begun") { flood.answered.value == 1 }
        try other.send(isLines ? "ping\n" : "\u{4}ping")
        flood.letGo()
        #expect(try other.receiveText(5) == "pong\n")
        #expect(try client.receive(exactly: Flood.size).count == Flood.size)
        #expect(try #require(flood.answeredBefore.value) < Flood.size / 2)
      }
    }

    /// The handler has taken one message of several, and waits for something else than its client.
    @Test(arguments: Setup.all)
    func aReplyLeavesThoughTheHandlerWaits(_ setup: Setup) async throws {
      let mayGoOn = Gate()
      let handler = Serve { connection in
        for try await line in connection.lines() {
          try await connection.send("\(line)!\n")
          await mayGoOn.pass()
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("a\nb\nc\n")
        #expect(try client.receiveText(3) == "a!\n")
        mayGoOn.open()
        #expect(try client.receiveText(6) == "b!\nc!\n")
      }
    }

    /// The later replies of a handler that stops iterating are sent as usual.
    @Test(arguments: Setup.all)
    func repliesAreSentAfterTheIterationWasLeft(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for try await line in connection.lines() {
          try await connection.send("\(line)!\n")
          break
        }
        while let bytes = try await connection.receive() { try await connection.send(bytes) }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("a\nb\n")
        #expect(try client.receiveText(3) == "a!\n")
        for _ in 0..<3 {
          try client.send("hello")
          #expect(try client.receiveText(5) == "hello")
        }
      }
    }

    private func send(_ flood: Flood, _ isLines: Bool, by client: TestClient) throws {
      try client.send([UInt8](repeating: isLines ? 10 : 0, count: Flood.size))
    }

    private func withFlood(
      _ flood: Flood, _ setup: Setup, _ isLines: Bool,
      _ body: @Sendable (RunningServer) throws -> Void
    ) async throws {
      if isLines {
        try await withServer(LineCounter(flood: flood), setup, body)
      } else {
        try await withServer(FrameCounter(flood: flood), setup, body)
      }
    }
  }
}
