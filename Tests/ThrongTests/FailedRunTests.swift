// A server that cannot run, or not with all of its loops, leaves no port behind on which nobody serves.

import SystemPackage
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct FailedRuns {
    private static func echo(_ setup: Setup) -> Server {
      Server(
        Echo(), model: setup.model, configuration: Configuration(host: testHost, port: 0),
        log: .quiet)
    }

    @Test(arguments: Setup.all)
    func aServerThatCannotRunFreesItsPorts(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let server = Self.echo(setup)
        try server.listen()
        #expect(throws: ServerError.self) {
          try server.run(watching: { _ throws(Errno) in throw .tooManyOpenFiles })
        }
        try before.expectNothingLeftBehind(of: server.addresses)
        #expect(throws: TestClient.Failure.self) { try TestClient(server.addresses[0]) }
      }
    }

    /// Were its listener open, the kernel would give it half of the clients.
    @Test func aLoopWithoutAThreadGetsNoClients() async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let server = Self.echo(Setup(model: .reactor(loops: 3)))
        try server.listen()
        defer { server.stopNow() }
        let isOver = Shared(false)
        try Thread.startDetached(stackSize: 1 << 20) {
          try? server.run(
            watching: { _ in nil },
            starting: { _ throws(Errno) in throw .resourceTemporarilyUnavailable })
          isOver.change { $0 = true }
        }
        // Until then a client may be given to a listener that is about to be closed.
        try eventually("the one loop runs") {
          _ = try? TestClient(server.addresses[0])
          return server.metrics.loops[0].turns > 0
        }
        for _ in 0..<20 {
          let client = try TestClient(server.addresses[0])
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        server.stop()
        try eventually("it has stopped") { isOver.value }
        try before.expectNothingLeftBehind(of: server.addresses)
      }
    }
  }
}
