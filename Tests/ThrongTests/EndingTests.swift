// One connection's end does not affect another, however it ends.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

private struct OwnError: Error {}

extension AllTests {
  @Suite struct Endings {
    @Test(arguments: Setup.plainAndSecure)
    func aResetEndsOneConnectionWithAnError(_ setup: Setup) async throws {
      let errors = Shared<[String]>([])
      let handler = Serve { connection in
        do {
          for try await bytes in connection.inbound { try await connection.send(bytes) }
        } catch {
          errors.change { $0.append("\(error)") }
          guard case ConnectionError.lost = error else { return }
          #expect(throws: ConnectionError.self) { try connection.write("more") }
          throw error
        }
      }
      try await withServer(handler, setup) { running in
        let witness = try running.connect()
        try witness.send("before")
        #expect(try witness.receiveText(6) == "before")
        for _ in 0..<20 {
          let client = try running.connect()
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
          client.reset()
        }
        try eventually("all resets were noticed") { errors.value.count == 20 }
        #expect(errors.value.allSatisfy { $0.hasPrefix("the connection was lost") })
        try eventually("they were counted") { running.metrics.lost == 20 }
        try witness.send("after")
        #expect(try witness.receiveText(5) == "after")
        #expect(running.metrics.failedHandlers == 0)
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func anEventHandlerLearnsOfAReset(_ setup: Setup) async throws {
      struct Watching: EventHandler {
        let ends = Shared<[ConnectionError?]>([])
        func received(_ bytes: Bytes, on connection: Connection) { try? connection.write(bytes) }
        func closed(_ connection: Connection, error: ConnectionError?) {
          ends.change { $0.append(error) }
        }
      }
      let handler = Watching()
      try await withServer(events: handler, setup) { running in
        let (first, second) = (try running.connect(), try running.connect())
        try first.send("x")
        #expect(try first.receiveText(1) == "x")
        first.reset()
        try eventually("the reset was noticed") { handler.ends.value.count == 1 }
        guard case .lost? = handler.ends.value[0] else {
          throw TestFailure("\(String(describing: handler.ends.value[0]))")
        }
        try second.finishSending()
        #expect(try second.receiveToEnd().isEmpty)
        second.close()
        try eventually("the end was noticed") { handler.ends.value.count == 2 }
        #expect(handler.ends.value[1] == nil)
      }
    }

    /// Epoll reports a reset although no task reads: it must be handled once, not again and again.
    @Test(arguments: Setup.plainAndSecure)
    func aResetWhileTheHandlerDoesNotReadIsNoBusyLoop(_ setup: Setup) async throws {
      let mayGo = Gate()
      let isDone = Shared(0)
      let handler = Serve { connection in
        try await connection.send("x")
        await mayGo.pass()
        defer { isDone.change { $0 += 1 } }
        _ = try await connection.receive()
      }
      try await withServer(handler, setup) { running in
        var others: [TestClient] = []
        for ending in 0..<3 {
          let client = try running.connect()
          #expect(try client.receiveText(1) == "x")
          switch ending {
          case 0: client.reset()
          case 1: client.close()
          default: try client.finishSending()
          }
          let before = running.metrics.loops.map(\.turns).reduce(0, +)
          // Each of these takes a few turns; a loop without waits makes thousands meanwhile.
          for _ in 0..<30 {
            others.append(try running.connect())
            #expect(try others[others.count - 1].receiveText(1) == "x")
          }
          let turns = running.metrics.loops.map(\.turns).reduce(0, +) - before
          #expect(turns < 30 * 6)
        }
        mayGo.open()
        try eventually("the handlers have ended") { isDone.value == 3 }
        for other in others { try other.finishSending() }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aHandlerThatThrowsEndsItsConnectionOnly(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for try await bytes in connection.inbound {
          if bytes.text == "throw" { throw OwnError() }
          try await connection.send(bytes)
        }
      }
      try await withServer(handler, setup) { running in
        let (witness, client) = (try running.connect(), try running.connect())
        try client.send("throw")
        #expect(try client.receiveToEnd().isEmpty)
        try witness.send("fine")
        #expect(try witness.receiveText(4) == "fine")
        #expect(running.metrics.failedHandlers == 1)
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aClientThatMakesTheHandlerThrowCannotFillTheLog(_ setup: Setup) async throws {
      let lines = Shared<[String]>([])
      let handler = Serve { _ in throw OwnError() }
      let start = MonotonicTime.now
      try await withServer(
        { configuration, _ in
          Server(
            handler, model: setup.model, configuration: configuration,
            log: .recordingWarnings(lines))
        }
      ) { running in
        for _ in 0..<60 { #expect(try running.connect().receiveToEnd().isEmpty) }
        try eventually("all were counted") { running.metrics.failedHandlers == 60 }
      }
      let intervals = 1 + (MonotonicTime.now.nanoseconds - start.nanoseconds) / 10_000_000_000
      #expect((1...10 * Int(intervals)).contains(lines.value.count { $0.contains("threw") }))
      #expect(lines.value.contains { $0.contains("only counted for 10.0 seconds") })
    }

    @Test(arguments: Setup.plainAndSecure)
    func aClientThatIsGoneBeforeItIsAcceptedHarmsNobody(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let server = Server(
          Echo(), model: setup.model, configuration: Configuration(host: testHost, port: 0),
          log: .quiet)
        try server.listen()
        for index in 0..<20 {
          let client = try TestClient(server.addresses[0])
          if index % 2 == 0 { client.reset() } else { client.close() }
        }
        let running = try RunningServer(server)
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        client.close()
        try eventually("nobody is left") { running.metrics.open == 0 }
        server.stop()
        try running.waitUntilStopped()
        try before.expectNothingLeftBehind(of: server.addresses)
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func closingFromAnotherTaskEndsTheInput(_ setup: Setup) async throws {
      let waiting = Shared<[Connection]>([])
      let ended = Shared(0)
      let handler = Serve { connection in
        try await connection.send("x")
        waiting.change { $0.append(connection) }
        for try await _ in connection.inbound {}
        ended.change { $0 += 1 }
        await #expect(throws: ConnectionError.closed) { try await connection.send("late") }
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<10).map { _ in try running.connect() }
        try eventually("all are served") { waiting.value.count == 10 }
        for connection in waiting.value { connection.close() }
        for client in clients { #expect(try client.receiveToEnd() == Array("x".utf8)) }
        try eventually("all handlers saw the end") { ended.value == 10 }
        waiting.change { $0 = [] }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func anEventHandlersConnectionCanBeClosedFromElsewhere(_ setup: Setup) async throws {
      struct Watching: EventHandler {
        let open = Shared<Set<Connection>>([])
        let closed = Shared(0)
        func opened(_ connection: Connection) {
          try? connection.write("x")
          open.change { _ = $0.insert(connection) }
        }
        func received(_ bytes: Bytes, on connection: Connection) {}
        func closed(_ connection: Connection, error: ConnectionError?) {
          open.change { _ = $0.remove(connection) }
          closed.change { $0 += 1 }
        }
      }
      let handler = Watching()
      try await withServer(events: handler, setup) { running in
        let clients = try (0..<10).map { _ in try running.connect() }
        try eventually("all are served") { handler.open.value.count == 10 }
        for (index, connection) in handler.open.value.enumerated() {
          if index % 2 == 0 { connection.close() } else { connection.reset() }
        }
        for client in clients { _ = try client.receiveToEndOrReset() }
        for client in clients { client.close() }
        try eventually("all were closed once") { handler.closed.value == 10 }
      }
      #expect(handler.closed.value == 10)
    }

    @Test(arguments: Setup.plainAndSecure)
    func resetReachesTheClientAndTheHandler(_ setup: Setup) async throws {
      let errors = Shared<[ConnectionError]>([])
      let handler = Serve { connection in
        let other = Task { [connection] in
          _ = try await connection.receive()
          connection.reset()
          connection.reset()
        }
        try await other.value
        do {
          _ = try await connection.receive()
        } catch let error as ConnectionError {
          errors.change { $0.append(error) }
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.isReset())
        try eventually("the handler knows") { errors.value == [.closed] }
        #expect(running.metrics.lost == 0)
      }
    }

    /// Ends of every kind, in a seeded order, many at once: nothing crashes, nothing is left.
    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func aMixtureOfEndsLeavesNothingBehind(_ setup: Setup, _ api: API) async throws {
      let seed: UInt64 = 4711
      // All are of one address, and on a busy machine many may wait for their server's end at once.
      try await withEcho(setup, api, configure: { $0.maximumConnectionsPerAddress = nil }) {
        running in
        try concurrently(8) { role in
          var generator = SeededGenerator(seed: seed + UInt64(role))
          for _ in 0..<60 {
            let client = try running.connect()
            let count = Int.random(in: 0...200_000, using: &generator)
            let sent = try client.sendWithoutWaiting([UInt8](repeating: 3, count: count))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: client.reset()
            case 1: client.close()
            case 2:
              try client.finishSending()
              let back = try client.receiveToEnd().count
              try check(back == sent, "\(back) of \(sent) bytes came back (seed \(seed))")
            case 3:
              _ = try client.receive(exactly: sent / 2)
              client.reset()
            default:
              _ = try client.receive(exactly: sent)
              client.close()
            }
          }
        }
        try eventually("all have gone") { running.metrics.open == 0 }
        #expect(running.metrics.failedHandlers == 0)
      }
    }
  }
}
