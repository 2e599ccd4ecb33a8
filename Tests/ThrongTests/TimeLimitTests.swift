// Every time limit passes when it should, and not while the client is busy.

import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct TimeLimits {
    @Test(arguments: Setup.all, API.allCases)
    func anIdleClientIsClosedInTime(_ setup: Setup, _ api: API) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.idleTimeout = .milliseconds(300)
      }
      try await withEcho(setup, api, configure: configure) { running in
        try eventually("a client keeps busy") {
          let client = try running.connect()
          guard let last = try Self.keepBusy(client, for: .milliseconds(400)) else { return false }
          #expect(try client.receiveToEnd().isEmpty)
          #expect(MonotonicTime.now > last + .milliseconds(280))
          return true
        }
        try eventually("it was counted") { running.metrics.timedOut > 0 }
      }
    }

    /// Sends and receives without pause.
    /// - Returns: when it sent last; nil when the machine was so busy that it was silent for long.
    private static func keepBusy(
      _ client: TestClient, for duration: Duration
    ) throws -> MonotonicTime? {
      let start = MonotonicTime.now
      var last = start
      while MonotonicTime.now < start + duration {
        let next = MonotonicTime.now
        let wasSent = (try? client.send("x")) != nil
        let text = wasSent ? try? client.receiveText(1) : nil
        if MonotonicTime.now > last + .milliseconds(150) { return nil }
        try check(text == "x", "the server closed a busy connection")
        last = next
      }
      return last
    }

    @Test(arguments: Setup.all, API.allCases)
    func aClientThatSaysNothingIsClosedInTime(_ setup: Setup, _ api: API) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.firstByteTimeout = .milliseconds(100)
      }
      try await withEcho(setup, api, configure: configure) { running in
        var inTime: TestClient?
        // On a busy machine, it may itself be late.
        try eventually("a client's first byte comes in time") {
          let client = try running.connect()
          try? client.send("x")
          guard (try? client.receiveText(1)) == "x" else { return false }
          inTime = client
          return true
        }
        let talking = try #require(inTime)
        // It comes later: at its end, the other one's time is over as well.
        let silent = try running.connect()
        #expect(try silent.receiveToEnd().isEmpty)
        try talking.send("y")
        #expect(try talking.receiveText(1) == "y")
        #expect(running.metrics.timedOut > 0)
      }
    }

    @Test(arguments: Setup.all, [true, false])
    func aReceiveThatTakesTooLongFailsAlone(_ setup: Setup, _ isOption: Bool) async throws {
      let handler = Serve { connection in
        await #expect(throws: ConnectionError.timedOut(.receive)) {
          _ =
            isOption
            ? try await connection.receive()
            : try await connection.receive(within: .milliseconds(30))
        }
        try await connection.send("late")
        // On a busy machine, the client may be late again.
        while true {
          do {
            let bytes = try await connection.receive(within: .seconds(30))
            return try await connection.send(bytes ?? "nothing")
          } catch ConnectionError.timedOut(.receive) where isOption {}
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        if isOption { $0.connection.receiveTimeout = .milliseconds(100) }
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect()
        #expect(try client.receiveText(4) == "late")
        try client.send("hello")
        #expect(try client.receiveText(5) == "hello")
        #expect(running.metrics.timedOut == 0)
      }
    }

    @Test(arguments: Setup.all)
    func aClientThatTakesNothingIsClosedInTime(_ setup: Setup) async throws {
      let errors = Shared<[String]>([])
      let handler = Serve { connection in
        do {
          while true { try await connection.send(Bytes([UInt8](repeating: 1, count: 100_000))) }
        } catch {
          errors.change { $0.append("\(error)") }
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
        $0.connection.sendTimeout = .milliseconds(100)
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("the limit has passed") { errors.value.count == 1 }
        #expect(errors.value == ["timed out: the send limit has passed"])
        _ = try client.receiveToEndOrReset()
      }
    }

    /// Progress, however slow, is progress.
    @Test(arguments: Setup.all)
    func aClientThatTakesALittleIsNotClosed(_ setup: Setup) async throws {
      let total = 1_000_000
      let handler = Serve { connection in
        // Several large messages at once: what one call sends must not be seen only at its end.
        for _ in 0..<4 { try connection.write(Bytes([UInt8](repeating: 1, count: total / 4))) }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
        $0.connection.slowReaders.outboxLimit = 4 << 20
        $0.connection.sendTimeout = .milliseconds(700)
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        var received = 0
        while received < total {
          let bytes = try client.receive(atMost: 20_000)
          if bytes.isEmpty { break }
          received += bytes.count
          let pause = MonotonicTime.now + .milliseconds(15)
          try eventually("time passes") { MonotonicTime.now > pause }
        }
        #expect(received == total)
        #expect(running.metrics.timedOut == 0)
      }
    }

    @Test(arguments: Setup.all)
    func aClientThatNeverClosesIsNotAwaitedForEver(_ setup: Setup) async throws {
      let handler = Serve { connection in try await connection.send("bye") }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.lingerTimeout = .milliseconds(50)
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("bye".utf8))
        try eventually("it was given up") { running.metrics.open == 0 }
      }
    }
  }
}
