// Handlers that do not return when the server stops: `run` ends all the same, says so, and what they do
// when they come back later does no harm.

import LinuxSystem
import Logging
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct StuckHandlers {
    /// Closed at first. Threads block at it until it is opened.
    private final class Barrier: Sendable {
      private let isOpen = Monitor(false)
      func block() { isOpen.wait { $0 ? () : nil } }
      func open() {
        isOpen.withLock { $0 = true }
        isOpen.wakeAll()
      }
    }

    /// Blocks its thread when it receives something, and echoes it afterwards.
    private struct Blocker: EventHandler {
      let barrier: Barrier
      let received: Shared<Int>

      func received(_ bytes: Bytes, on connection: Connection) {
        received.change { $0 += 1 }
        barrier.block()
        try? connection.write(bytes)
      }
    }

    private static func server(
      _ setup: Setup, _ api: API, _ barrier: Barrier, _ received: Shared<Int>, _ log: Logger,
      drainTimeout: Duration
    ) -> Server {
      var configuration = Configuration(host: testHost, port: 0)
      configuration.drainTimeout = drainTimeout
      let blocker = Blocker(barrier: barrier, received: received)
      if api == .events {
        return Server(
          events: blocker, model: setup.model, configuration: configuration, log: log)
      }
      let handler = Serve { connection in
        for try await bytes in connection.inbound { blocker.received(bytes, on: connection) }
      }
      return Server(handler, model: setup.model, configuration: configuration, log: log)
    }

    /// Runs a server until handlers block all of its threads, or as many clients as it takes, and stops it
    /// with `stop`; then lets the handlers come back.
    private static func stopWhileBlocked(
      _ setup: Setup, _ api: API, drainTimeout: Duration, stop: (Server) -> Void
    ) throws -> [SocketAddress] {
      let (barrier, received, errors) = (Barrier(), Shared(0), Shared<[String]>([]))
      defer { barrier.open() }
      let running = try RunningServer(
        server(setup, api, barrier, received, .recordingErrors(errors), drainTimeout: drainTimeout))
      let clients = try (0..<6).map { _ in try running.connect() }
      for client in clients { try client.send("x") }
      // No model serves more of them while these block.
      let blocked = setup.mostBlocked(of: clients.count)
      try eventually("handlers block") { blocked.contains(received.value) }
      try eventually("all were accepted") {
        running.metrics.open == clients.count || !setup.isThreadPerClient
      }
      stop(running.server)
      let connections = try expectHandlersStillRunning(running, errors)
      try check(connections >= received.value, "\(connections) of \(received.value) connections")
      let late = try? TestClient(running.address)
      try check(late == nil, "the server still accepts")
      barrier.open()
      for client in clients { client.close() }
      return running.server.addresses
    }

    /// The server ends with the error, which it has logged.
    /// - Returns: how many connections it names.
    private static func expectHandlersStillRunning(
      _ running: RunningServer, _ errors: Shared<[String]>
    ) throws -> Int {
      do {
        try running.waitUntilStopped()
        throw TestFailure("no error")
      } catch let error as ServerError {
        guard case .handlersStillRunning(let connections) = error else { throw error }
        try check(errors.value == ["\(error)"], "\(errors.value)")
        return connections
      }
    }

    @Test func theDrainDeadlineHoldsWhenHandlersBlock() async throws {
      try await atOnce(Setup.all.flatMap { setup in API.allCases.map { (setup, $0) } }) {
        let (setup, api) = $0
        return try Self.stopWhileBlocked(setup, api, drainTimeout: .milliseconds(100)) { $0.stop() }
      }
    }

    @Test func stopNowEndsTheServerWhenHandlersBlock() async throws {
      try await atOnce(Setup.all) { setup in
        try Self.stopWhileBlocked(setup, .handler, drainTimeout: .seconds(3600)) { server in
          server.stop()
          server.stopNow()
        }
      }
    }

    /// They block no thread, so everything else about the stop is done.
    @Test func handlersThatIgnoreTheirCancellationAreNotWaitedFor() async throws {
      try await atOnce(Setup.all) { setup in
        let (mayEnd, errors) = (Gate(), Shared<[String]>([]))
        defer { mayEnd.open() }
        let handler = Serve { connection in
          try await connection.send("x")
          await mayEnd.pass()
        }
        var configuration = Configuration(host: testHost, port: 0)
        configuration.drainTimeout = .milliseconds(50)
        let running = try RunningServer(
          Server(
            handler, model: setup.model, configuration: configuration,
            log: .recordingErrors(errors)))
        let clients = try (0..<5).map { _ in try running.connect() }
        for client in clients { try check(try client.receiveText(1) == "x", "no greeting") }
        running.server.stop()
        for client in clients { try check(try client.isReset(), "not reset") }
        let connections = try Self.expectHandlersStillRunning(running, errors)
        try check(connections == 5, "\(connections) connections")
        return running.server.addresses
      }
    }
  }
}

extension Setup {
  /// How many handlers block at once when each of so many clients has sent something. The kernel chooses
  /// the loop of each client, so some may have none.
  fileprivate func mostBlocked(of clients: Int) -> ClosedRange<Int> {
    switch model.kind {
    case .reactor(let loops): 1...loops
    case .threadPool(let threads): threads...threads
    case .threadPerClient: clients...clients
    }
  }
}
