// Stopping: what was received is served, what was sent arrives, and nothing runs for ever.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Stopping {
    @Test(arguments: Setup.all, API.allCases)
    func idleClientsAreClosedAtOnce(_ setup: Setup, _ api: API) async throws {
      try await withEcho(setup, api, configure: { $0.drainTimeout = .seconds(60) }) { running in
        let clients = try (0..<50).map { _ in try running.connect() }
        for client in clients {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        running.server.stop()
        for client in clients {
          #expect(try client.receiveToEnd().isEmpty)
          client.close()
        }
        // Long before the drain timeout.
        try running.waitUntilStopped()
      }
    }

    /// Clients send without pause while the server stops: each gets back a prefix of what it has sent,
    /// and all together exactly what the server has received.
    @Test(arguments: Setup.all, API.allCases)
    func noByteThatWasReceivedIsLostUnderLoad(_ setup: Setup, _ api: API) async throws {
      for round in 0..<3 {
        try await withEcho(setup, api) { running in
          let pattern = TestPattern()
          let total = Shared(0)
          let started = Shared(0)
          let clients = try (0..<8).map { _ in try running.connect() }
          try concurrently(17) { role in
            if role == 16 {
              try eventually("all are busy") { started.value == 8 }
              return running.server.stop()
            }
            let client = clients[role / 2]
            if role % 2 == 0 {
              var position = 0
              // Ends when the server has closed.
              while let _ = try? client.send(pattern.bytes(at: position, count: 5000)) {
                position += 5000
              }
              return
            }
            var position = 0
            while let bytes = try client.receiveUnlessReset(), !bytes.isEmpty {
              if position < 500_000, position + bytes.count >= 500_000 {
                started.change { $0 += 1 }
              }
              try check(pattern.matches(bytes, at: position), "wrong bytes near \(position)")
              position += bytes.count
            }
            total.change { [position] in $0 += position }
            client.finishEverything()
          }
          try running.waitUntilStopped()
          let metrics = running.metrics
          #expect(metrics.receivedBytes == total.value, "round \(round)")
          #expect(metrics.sentBytes == total.value, "round \(round)")
        }
      }
    }

    @Test(arguments: Setup.all)
    func theDrainDeadlineResetsTheRest(_ setup: Setup) async throws {
      let cancelled = Shared(0)
      let handler = Serve { connection in
        try await connection.send("x")
        do {
          try await Task.sleep(for: .seconds(3600))  // a handler sleeps
        } catch {
          cancelled.change { $0 += 1 }
        }
      }
      try await withServer(
        handler, setup, configure: { $0.drainTimeout = .milliseconds(100) }
      ) { running in
        let clients = try (0..<5).map { _ in try running.connect() }
        for client in clients { #expect(try client.receiveText(1) == "x") }
        running.server.stop()
        for client in clients { #expect(try client.isReset()) }
        try running.waitUntilStopped()
        #expect(cancelled.value == 5)
      }
    }

    @Test(arguments: Setup.all, API.allCases)
    func aClientThatDoesNotReadIsResetAtTheDrainDeadline(
      _ setup: Setup, _ api: API
    ) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.drainTimeout = .milliseconds(100)
        $0.connection.sendBufferSize = 16384
      }
      try await withEcho(setup, api, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        while try client.sendWithoutWaiting([UInt8](repeating: 1, count: 10_000)) > 0 {}
        running.server.stop()
        try running.waitUntilStopped()
        #expect(try client.isReset())
      }
    }

    @Test(arguments: Setup.all)
    func aSecondStopResetsAtOnce(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await connection.send("x")
        try await Task.sleep(for: .seconds(3600))  // a handler sleeps
      }
      try await withServer(
        handler, setup, configure: { $0.drainTimeout = .seconds(3600) }
      ) { running in
        let client = try running.connect()
        #expect(try client.receiveText(1) == "x")
        running.server.stop()
        running.server.stop()
        #expect(!running.hasStopped)
        running.server.stopNow()
        #expect(try client.isReset())
        try running.waitUntilStopped()
      }
    }

    /// A connection that waits for its client's FIN is not worth waiting for.
    @Test(arguments: Setup.all)
    func stopNowDoesNotWaitForLingeringConnections(_ setup: Setup) async throws {
      let handler = Serve { connection in try await connection.send("x") }
      try await withServer(
        handler, setup, configure: { $0.connection.lingerTimeout = .seconds(3600) }
      ) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("x".utf8))
        running.server.stopNow()
        try running.waitUntilStopped()
      }
    }

    /// Nor is one whose client has reset it after the server's FIN.
    @Test(arguments: Setup.all)
    func aResetAfterTheEndOfADrainEndsTheConnection(_ setup: Setup) async throws {
      try await withServer(
        Echo(), setup, configure: { $0.connection.lingerTimeout = .seconds(60) }
      ) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        running.server.stop()
        #expect(try client.receiveToEnd().isEmpty)
        client.reset()
        try running.waitUntilStopped()
      }
    }

    @Test(arguments: Setup.all)
    func aServerThatIsStoppedBeforeItRunsEndsAtOnce(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        for isListening in [true, false] {
          let server = Server(
            Echo(), model: setup.model, configuration: Configuration(host: testHost, port: 0),
            log: .quiet)
          if isListening { try server.listen() }
          server.stop()
          try await server.run()
        }
        try before.expectNothingLeftBehind(of: [])
      }
    }

    @Test(arguments: Setup.all)
    func cancellingTheTaskThatRunsAServerStopsIt(_ setup: Setup) async throws {
      let server = Server(
        Echo(), model: setup.model, configuration: Configuration(host: testHost, port: 0),
        log: .quiet)
      try server.listen()
      let address = server.addresses[0]
      let task = Task { try await server.run() }
      try await withTaskExecutorPreference(TestThread.shared) {
        let client = try TestClient(address)
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        task.cancel()
        #expect(try client.receiveToEnd().isEmpty)
      }
      try await task.value
      await #expect(throws: ServerError.self) { try await server.run() }
    }

    /// Clients come and go while the server stops, at a moment that differs from round to round. Now and
    /// then connect(2) takes a second to be refused, hence all at once.
    @Test func stoppingWhileClientsConnectNeverHangs() async throws {
      try await atOnce(Setup.all.flatMap { setup in API.allCases.map { (setup, $0) } }) {
        let (setup, api) = $0
        return try (0..<10).flatMap { round in
          try runAndStop(
            { configuration, log in
              api == .handler
                ? Server(Echo(), model: setup.model, configuration: configuration, log: log)
                : Server(
                  events: PoliteEventEcho(), model: setup.model, configuration: configuration,
                  log: log)
            },
            // A client that is forgotten would hold up the end until the deadline.
            { $0.drainTimeout = .seconds(60) }
          ) { try Self.stop($0, afterServing: round * 3) }.1
        }
      }
    }

    /// Three clients connect again and again until the server has stopped.
    private static func stop(_ running: RunningServer, afterServing count: Int) throws {
      let isOver = Shared(false)
      let served = Shared(0)
      try concurrently(4) { role in
        if role == 3 {
          defer { isOver.change { $0 = true } }
          try eventually("clients come") { served.value >= count }
          running.server.stop()
          return try running.waitUntilStopped()
        }
        while !isOver.value {
          guard let client = try? running.connect() else { continue }
          try? client.send("hello")
          if let bytes = try? client.receive(atMost: 5), !bytes.isEmpty {
            served.change { $0 += 1 }
          }
        }
      }
    }
  }
}
