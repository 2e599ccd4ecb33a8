// Connections that tasks open: from handlers under every model, and from programs.

import LinuxSystem
import SystemPackage
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Openings {
    /// Sends what its client sends to a server, and back what that answers.
    private static func proxy(to address: SocketAddress) -> Serve {
      Serve { client in
        let server = try await client.open(to: address)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            for try await bytes in client.inbound { try await server.send(bytes) }
            server.closeOutbound()
          }
          for try await bytes in server.inbound { try await client.send(bytes) }
          try await group.waitForAll()
        }
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func aHandlerForwardsToAnotherServer(_ setup: Setup) async throws {
      try await withServer(Echo(), Setup.all[0]) { origin in
        try Self.run(Self.proxy(to: origin.address), setup) { running in
          let pattern = TestPattern()
          try concurrently(8) { _ in
            let client = try running.connect()
            for round in 0..<20 {
              let bytes = Array(pattern.bytes(at: round * 3000, count: 3000))
              try client.send(bytes)
              let answer = try client.receive(exactly: 3000)
              try check(answer == bytes, "wrong bytes in round \(round)")
            }
            try client.finishSending()
            try check(try client.receiveToEnd().isEmpty, "more bytes than were sent")
          }
          // The handlers do not close what they have opened: their ends do.
          try eventually("all are closed") { origin.metrics.open == 0 }
        }
        #expect(origin.metrics.accepted == 8)
      }
    }

    /// A second server for the length of the body.
    private static func run(
      _ handler: Serve, _ setup: Setup,
      configure: @Sendable (inout Configuration) -> Void = { _ in },
      _ body: @Sendable (RunningServer) throws -> Void
    ) throws {
      _ = try runAndStop(
        { Server(handler, model: setup.model, configuration: $0, log: $1) }, configure, body)
    }

    @Test(arguments: Setup.all)
    func aConnectionThatIsRefusedThrows(_ setup: Setup) async throws {
      let port = try #require(SocketAddress.freeLoopbackPort)
      let address = try SocketAddress.resolve(host: "127.0.0.1", port: port)[0]
      let handler = Serve { client in
        do {
          _ = try await client.open(to: address)
        } catch let failure as ConnectFailure {
          try await client.send(failure.reason == .system(.connectionRefused) ? "yes" : "no")
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        let answer = try client.receiveToEnd()
        #expect(answer == Array("yes".utf8))
      }
    }

    /// What the handler has not closed is closed with it.
    @Test(arguments: Setup.all)
    func anOpenedConnectionEndsWithItsHandler(_ setup: Setup) async throws {
      try await withServer(Echo(), Setup.all[0]) { origin in
        let handler = Serve { [address = origin.address] client in
          for _ in 0..<3 { _ = try await client.open(to: address) }
          try await client.send("x")
        }
        try Self.run(handler, setup) { running in
          let client = try running.connect()
          #expect(try client.receiveToEnd() == Array("x".utf8))
          client.close()
          try eventually("all are closed") {
            origin.metrics.accepted == 3 && origin.metrics.open == 0
          }
        }
      }
    }

    /// The server answers late: the drain waits for what handlers still do with it.
    @Test(arguments: Setup.all)
    func aDrainLetsHandlersFinishWithWhatTheyHaveOpened(_ setup: Setup) async throws {
      let (gate, asked) = (Gate(), Shared(false))
      let late = Serve { connection in
        _ = try await connection.receive()
        asked.change { $0 = true }
        await gate.pass()
        try await connection.send("late")
      }
      try await withServer(late, Setup.all[0]) { origin in
        let handler = Serve { [address = origin.address] client in
          let server = try await client.open(to: address)
          try await server.send("?")
          while let bytes = try await server.receive() { try await client.send(bytes) }
          server.close()
        }
        try Self.run(handler, setup, configure: { $0.drainTimeout = .seconds(100) }) { running in
          let client = try running.connect()
          try eventually("the server was asked") { asked.value }
          running.server.stop()
          gate.open()
          #expect(try client.receiveToEnd() == Array("late".utf8))
        }
      }
    }

    @Test(arguments: Setup.all)
    func theDrainDeadlineResetsWhatWasOpened(_ setup: Setup) async throws {
      try await withServer(Echo(), Setup.all[0]) { origin in
        let opened = Shared(false)
        let handler = Serve { [address = origin.address] client in
          let server = try await client.open(to: address)
          opened.change { $0 = true }
          _ = try? await server.receive()
        }
        try Self.run(handler, setup, configure: { $0.drainTimeout = .milliseconds(100) }) {
          running in
          let client = try running.connect()
          try eventually("it is open") { opened.value }
          running.server.stop()
          try running.waitUntilStopped()
          try eventually("it is reset") { origin.metrics.open == 0 }
          #expect(origin.metrics.lost == 1)
          client.close()
        }
      }
    }

    // MARK: Programs

    @Test func aProgramOpensUsesAndClosesAConnection() async throws {
      let client = try Client(log: .quiet)
      let server = try RunningServer(
        Server(Echo(), configuration: Configuration(host: testHost, port: 0), log: .quiet))
      defer { server.server.stopNow() }
      for text in ["one", "two"] {
        let connection = try await client.connect(to: server.address)
        try await connection.send(text)
        #expect(try await connection.receive()?.text == text)
        connection.close()
      }
      let answer = try await Client.withConnection(to: testHost, port: server.address.port ?? 0) {
        try await $0.send("three")
        return try await $0.receive()?.text
      }
      #expect(answer == "three")
      client.stop()
      await #expect(throws: ConnectFailure.self) { try await client.connect(to: server.address) }
    }

    /// The body runs where its caller does, and may use what belongs to it.
    @Test func connectionsBelongToTheCallersActor() async throws {
      let server = try RunningServer(
        Server(Echo(), configuration: Configuration(host: testHost, port: 0), log: .quiet))
      defer { server.server.stopNow() }
      let caller = Caller()
      #expect(try await caller.echo("one", to: server.address) == 3)
      #expect(try await caller.echo("more", to: server.address) == 7)
      #expect(try await Self.echoOnMainActor(to: server.address) == ["main"])
    }

    private actor Caller {
      private var received = 0

      func echo(_ text: String, to address: SocketAddress) async throws -> Int {
        try await Client.withConnection(to: address) { connection in
          try await connection.send(text)
          self.received += try await connection.receive()?.count ?? 0
        }
        return received
      }
    }

    @MainActor private static func echoOnMainActor(to address: SocketAddress) async throws
      -> [String]
    {
      var texts: [String] = []
      let (host, port) = (testHost, address.port ?? 0)
      try await Client.withConnection(to: host, port: port) { connection in
        try await connection.send("main")
        MainActor.assertIsolated()
        texts.append(try await connection.receive()?.text ?? "")
      }
      return texts
    }

    @Test func aProgramTriesAgain() async throws {
      let port = try #require(SocketAddress.freeLoopbackPort)
      var options = Client.Options()
      options.attempts = 1000
      options.retryDelay = .milliseconds(1)
      let client = try Client(options: options, log: .quiet)
      async let connection = client.connect(to: testHost, port: port)
      let server = try RunningServer(
        Server(Echo(), configuration: Configuration(host: testHost, port: port), log: .quiet))
      defer { server.server.stopNow() }
      try await connection.send("x")
      #expect(try await connection.receive()?.text == "x")
      try await connection.close()
    }

    @Test func aCancelledTaskDoesNotWaitForAServer() async throws {
      let full = try FullListener()
      let client = try Client(log: .quiet)
      let task = Task { try await client.connect(to: full.address) }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }

    /// The first address refuses, the second does not answer, the third serves.
    @Test func theFirstAddressThatAnswersIsUsed() async throws {
      let port = try #require(SocketAddress.freeLoopbackPort)
      let full = try FullListener()
      let server = try RunningServer(
        Server(Echo(), configuration: Configuration(host: testHost, port: 0), log: .quiet))
      defer { server.server.stopNow() }
      let client = try Client(log: .quiet)
      let refused = try SocketAddress.resolve(host: "127.0.0.1", port: port)[0]
      let race = FirstToAnswer([refused, full.address, server.address], delay: .milliseconds(10))
      let connection = try await race.connect { try await client.connect(to: $0) }
      #expect(connection.remoteAddress == server.address)
      connection.close()
      await #expect(throws: ConnectFailure.self) {
        try await FirstToAnswer([refused, refused], delay: .seconds(3600)).connect {
          try await client.connect(to: $0)
        }
      }
    }

    @Test func theIPVersionsTakeTurns() {
      let four = (1...3).map { SocketAddress(.ipv4(address: $0, port: 1)) }
      let six = (1...2).map { SocketAddress(.ipv6(high: 0, low: $0, scope: 0, port: 1)) }
      #expect(FirstToAnswer.alternating(six + four) == [six[0], four[0], six[1], four[1], four[2]])
      #expect(FirstToAnswer.alternating([]) == [])
    }
  }
}
