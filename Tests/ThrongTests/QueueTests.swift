// The accept queue when the server stops, and a listener on which accept(2) fails.

import CEpollShim
import Glibc
import LinuxSystem
import SystemPackage
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Queues {
    private static let limit = 50
    private static let queued = 200

    @Test(arguments: Setup.withFourLoops, API.allCases)
    func aStopServesTheClientsInTheQueue(_ setup: Setup, _ api: API) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.maximumConnections = Self.limit
        $0.maximumConnectionsPerAddress = nil
        $0.drainTimeout = .seconds(100)
      }
      try await withEcho(setup, api, configure: configure) { try Self.stopWithAFullQueue($0) }
    }

    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func aStopServesTheClientsInTheQueueOfAUnixSocket(_ setup: Setup) async throws {
      let path = "/tmp/throng-\(getpid())-queue"
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [.unix(path: path)]
        $0.maximumConnections = Self.limit
        $0.drainTimeout = .seconds(100)
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        try Self.stopWithAFullQueue(running)
        #expect(access(path, F_OK) != 0)
      }
    }

    /// The kernel does not say how many clients wait on a Unix socket.
    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func anEmptyQueueDoesNotHoldTheStopUp(_ setup: Setup) async throws {
      let path = "/tmp/throng-\(getpid())-empty"
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [.unix(path: path), .host(testHost, port: 0)]
        $0.drainTimeout = .seconds(100)
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        running.server.stop()
        try running.waitUntilStopped(within: .seconds(30))
      }
    }

    /// One that has connected is answered, or gets the server's FIN when its message comes too late.
    @Test(arguments: Setup.withFourLoops)
    func aClientThatConnectsWhileTheServerStopsIsNotReset(_ setup: Setup) async throws {
      for round in 0..<5 {
        try await withEcho(setup, .handler) { running in
          let (served, reset, isOver) = (Shared(0), Shared(0), Shared(false))
          try concurrently(4) { role in
            if role == 3 {
              defer { isOver.change { $0 = true } }
              try eventually("clients come", within: .seconds(30)) { served.value >= round * 20 }
              running.server.stop()
              return try running.waitUntilStopped()
            }
            while !isOver.value {
              do {
                let client = try running.connect()
                try client.send("hello")
                let isServed = try client.receiveUnlessReset() != nil
                (isServed ? served : reset).change { $0 += 1 }
              } catch let failure as TestClient.Failure where failure.errno != .connectionReset {
                // Refused: the server has stopped.
              } catch {
                reset.change { $0 += 1 }
              }
            }
          }
          #expect(reset.value == 0, "of \(served.value)")
        }
      }
    }

    private static func stopWithAFullQueue(_ running: RunningServer) throws {
      var clients = try (0..<limit + queued).map { _ in try running.connect(timeout: .seconds(30)) }
      let message = [UInt8](repeating: 7, count: 1000)
      for client in clients { try client.send(message) }
      try eventually("the limit is reached", within: .seconds(30)) {
        running.metrics.open == limit && running.metrics.acceptPauses > 0
      }
      running.server.stop()
      while !clients.isEmpty {
        try eventually("a client is served", within: .seconds(30)) {
          guard let index = clients.firstIndex(where: \.hasInput) else { return false }
          // Throws when the client is reset.
          try check(try clients.remove(at: index).receiveToEnd() == message, "another echo")
          return true
        }
      }
      try running.waitUntilStopped(within: .seconds(30))
      #expect(running.metrics.accepted == limit + queued)
      #expect(running.metrics.resetAtStop == 0)
    }

    /// At one a second the queue would last for 20 seconds.
    @Test(arguments: Setup.withFourLoops)
    func aSlowRateDoesNotHoldTheStopUpBeyondItsDeadline(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.acceptRate = 1
        $0.drainTimeout = .milliseconds(300)
        $0.connection.lingerTimeout = .milliseconds(10)
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        let clients = try (0..<20).map { _ in try running.connect() }
        try eventually("the rate pauses", within: .seconds(30)) { running.metrics.acceptPauses > 0 }
        running.server.stop()
        try running.waitUntilStopped(within: .seconds(15))
        let metrics = running.metrics
        #expect(metrics.accepted < 20)
        #expect(metrics.accepted + metrics.resetAtStop >= 20)
        for client in clients { client.close() }
      }
    }

    /// shutdown(2) makes accept(2) fail with EINVAL and epoll report a hang-up, both for ever.
    @Test(arguments: Setup.all)
    func aListenerThatFailsPausesAndIsNamedOnce(_ setup: Setup) async throws {
      let messages = Shared<[String]>([])
      let start = MonotonicTime.now
      try await withServer(
        { configuration, _ in
          Server(
            Echo(), model: setup.model, configuration: configuration,
            log: .recordingWarnings(messages))
        }
      ) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        for listener in try Self.listeners(at: running.address) {
          #expect(shim_shutdown(listener, CInt(SHUT_RDWR)) == 0)
        }
        try eventually("the log names the error", within: .seconds(30)) { !messages.value.isEmpty }
        let turns = running.metrics.loops.reduce(0) { $0 + $1.turns }
        for _ in 0..<200 {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        // The pauses grow to five seconds; without them there are thousands of turns.
        let more = running.metrics.loops.reduce(0) { $0 + $1.turns } - turns
        #expect(more < 1000, "\(more) turns")
        #expect(running.metrics.acceptPauses > 0)
      }
      let intervals = 1 + (MonotonicTime.now.nanoseconds - start.nanoseconds) / 10_000_000_000
      #expect(messages.value.count <= intervals, "\(messages.value)")
      #expect(
        messages.value.first?.hasPrefix(
          "cannot accept: accept4 fails with errno 22, invalid argument; trying again in") == true)
    }

    /// The descriptors of this process that listen on the address.
    private static func listeners(at address: SocketAddress) throws -> [CInt] {
      let found = (3..<CInt(1024)).filter { fd in
        var listens: CInt = 0
        guard shim_get_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens) >= 0, listens != 0 else {
          return false
        }
        return SocketAddress.from { shim_getsockname(fd, $0, $1) } == address
      }
      try check(!found.isEmpty, "no listener")
      return found
    }
  }
}
