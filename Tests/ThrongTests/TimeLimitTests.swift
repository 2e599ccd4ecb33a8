// Every time limit passes when it should, and not while the client is busy.

import Glibc
import LinuxSystem
import TestSupport
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
        try eventually("a client outlasts a silent one") {
          let silent = try running.connect()
          let client = try running.connect()
          guard let last = try Self.keepBusy(client, until: { silent.hasInput }) else {
            return false
          }
          #expect(try silent.receiveToEnd().isEmpty)
          #expect(try client.receiveToEnd().isEmpty)
          #expect(MonotonicTime.now > last + .milliseconds(280))
          return true
        }
        try eventually("it was counted") { running.metrics.timedOut > 0 }
      }
    }

    /// Sends and receives without pause until the condition holds.
    /// - Returns: when it sent last; nil when the machine was so busy that it was silent for long.
    private static func keepBusy(
      _ client: TestClient, until isOver: () -> Bool
    ) throws -> MonotonicTime? {
      var last = MonotonicTime.now
      while !isOver() {
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

    /// The pace of a slow client: it reads after each tick that the server sends it on another connection.
    private static func tick(_ connection: Connection, every interval: Duration) async throws {
      while true {
        try await Task.sleep(for: interval)  // a handler sleeps
        try await connection.send("t")
      }
    }

    /// A connection that ticks come on.
    private static func ticker(_ running: RunningServer) throws -> TestClient {
      let client = try running.connect()
      try client.send("ticks")
      return client
    }

    /// Progress, however slow, is progress.
    @Test func aClientThatTakesALittleIsNotClosed() async throws {
      let total = 1_000_000
      let handler = Serve { connection in
        if try await connection.receive()?.text == "ticks" {
          return try await Self.tick(connection, every: .milliseconds(15))
        }
        // Several large messages at once: what one call sends must not be seen only at its end.
        for _ in 0..<4 { try connection.write(Bytes([UInt8](repeating: 1, count: total / 4))) }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
        $0.connection.slowReaders.outboxLimit = 4 << 20
        $0.connection.sendTimeout = .milliseconds(700)
      }
      try await atOnce(Setup.all) { setup in
        try runAndStop(
          { Server(handler, model: setup.model, configuration: $0, log: $1) }, configure
        ) { running in
          let ticker = try Self.ticker(running)
          defer { ticker.close() }
          let client = try running.connect(receiveBuffer: 16384)
          try client.send("data")
          var received = 0
          while received < total {
            let bytes = try client.receive(atMost: 20_000)
            if bytes.isEmpty { break }
            received += bytes.count
            _ = try ticker.receive(exactly: 1)
          }
          try check(received == total, "\(received) bytes of \(total)")
          try check(running.metrics.timedOut == 0, "timed out")
        }.1
      }
    }

    /// It takes this client longer than the limits to read a third of the kernel's send buffer, which is
    /// when the kernel says that it has room. Half of the handlers have returned meanwhile.
    @Test func aClientThatReadsSteadilyLosesNothing() async throws {
      let limit = Duration.milliseconds(600)
      let total = 6 << 20
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 1 << 20
        $0.connection.slowReaders.outboxLimit = 8 << 20
        $0.connection.idleTimeout = limit
        $0.connection.sendTimeout = limit
        $0.connection.flushTimeout = limit
      }
      try await atOnce(Setup.all) { setup in
        let wasQueued = Shared(0)
        let handler = Serve { connection in
          let text = try await connection.receive()?.text
          if text == "ticks" { return try await Self.tick(connection, every: .milliseconds(20)) }
          try connection.write(Bytes([UInt8](repeating: 1, count: total)))
          wasQueued.change { $0 += 1 }
          if text == "patient" { _ = try await connection.receive() }
        }
        return try runAndStop(
          { Server(handler, model: setup.model, configuration: $0, log: $1) }, configure
        ) { running in
          try concurrently(2) { role in
            let ticker = try Self.ticker(running)
            defer { ticker.close() }
            let client = try running.connect(receiveBuffer: 16384)
            try client.send(role == 0 ? "patient" : "hasty")
            try eventually("all is queued") { wasQueued.value == 2 }
            let end = MonotonicTime.now + limit * 2.5
            var received = 0
            while MonotonicTime.now < end {
              received += try client.receive(atMost: 8192).count
              _ = try ticker.receive(exactly: 1)
            }
            received += try client.receive(exactly: total - received).count
            try check(received == total, "\(received) bytes of \(total)")
          }
          try check(running.metrics.timedOut == 0, "timed out")
        }.1
      }
    }

    /// One handler holds up the loop for longer than the limit, while the other clients send.
    @Test(arguments: [Setup(model: .reactor), Setup(model: .threadPool(threads: 1))])
    func whatWaitsInTheKernelIsNoSilence(_ setup: Setup) async throws {
      let limit = Duration.seconds(2)
      let isBlocking = Shared(false)
      let othersHaveSent = Monitor(false)
      let handler = Serve { connection in
        for try await bytes in connection.inbound {
          if bytes.text == "block" {
            isBlocking.change { $0 = true }
            othersHaveSent.wait { $0 ? () : nil }
            usleep(2_500_000)  // a handler sleeps
          }
          try await connection.send(bytes)
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.idleTimeout = limit
        $0.maximumConnectionsPerAddress = nil
      }
      try await withServer(handler, setup, configure: configure) { running in
        // More than a loop serves between two looks at its timers.
        let others = try (0..<300).map { _ in try running.connect() }
        let blocker = try running.connect()
        for client in others { try client.send("x") }
        for client in others { try check(try client.receiveText(1) == "x", "no echo") }
        try blocker.send("block")
        try eventually("the loop is blocked") { isBlocking.value }
        for client in others { try client.send("y") }
        othersHaveSent.withLock { $0 = true }
        othersHaveSent.wakeAll()
        for client in others { try check(try client.receiveText(1) == "y", "closed as silent") }
        #expect(try blocker.receiveText(5) == "block")
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
