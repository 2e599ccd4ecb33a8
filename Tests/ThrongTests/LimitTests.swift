// Limits on who is accepted. Running out of descriptors is tested end to end: in this process it would
// starve the tests that run at the same time.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Limits {
    @Test(arguments: Setup.all)
    func theBacklogHoldsClientsBeyondTheLimit(_ setup: Setup) async throws {
      let limit = 4
      let configure: @Sendable (inout Configuration) -> Void = { $0.maximumConnections = limit }
      try await withEcho(setup, .handler, configure: configure) { running in
        let clients = try (0..<20).map { _ in try running.connect() }
        for client in clients { try client.send("x") }
        var waiting = clients
        while !waiting.isEmpty {
          #expect(running.metrics.open <= limit)
          // A client that is served leaves, and makes room for another.
          try eventually("a client is served") {
            guard let index = waiting.firstIndex(where: { $0.hasInput }) else { return false }
            let client = waiting.remove(at: index)
            let text = try client.receiveText(1)
            client.close()
            return text == "x"
          }
        }
        #expect(running.metrics.accepted == 20)
        #expect(running.metrics.acceptPauses > 0)
      }
    }

    /// Two listeners of one pool reach the limit together, again and again.
    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func severalListenersShareTheLimit(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [.host("127.0.0.1", port: 0), .host("127.0.0.2", port: 0)]
        $0.maximumConnections = 1
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        let addresses = running.server.addresses
        try concurrently(4) { role in
          for _ in 0..<100 {
            let client = try TestClient(addresses[role % 2])
            try client.send("x")
            try check(try client.receiveText(1) == "x", "no echo")
          }
        }
        #expect(running.metrics.accepted == 400)
      }
    }

    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func anAddressHasNoMoreThanItsShare(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.maximumConnectionsPerAddress = 2
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        var welcome = try (0..<2).map { _ in try running.connect() }
        for client in welcome {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        for _ in 0..<3 { #expect(try running.refusesAClient()) }
        #expect(running.metrics.refused == 3)
        let neighbour = try TestClient(
          running.address, from: SocketAddress.resolve(host: "127.0.0.3", port: 0)[0])
        try neighbour.send("x")
        #expect(try neighbour.receiveText(1) == "x")
        // One that leaves makes room.
        welcome.removeLast().close()
        try eventually("it has left") { running.metrics.open == 2 }
        let next = try running.connect()
        try next.send("y")
        #expect(try next.receiveText(1) == "y")
      }
    }

    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func noMoreThanTheRateIsAccepted(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = { $0.acceptRate = 100 }
      let start = MonotonicTime.now
      try await withEcho(setup, .handler, configure: configure) { running in
        let clients = try (0..<30).map { _ in try running.connect() }
        for client in clients {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        // Eleven may come at once.
        #expect(MonotonicTime.now > start + .milliseconds(150))
        #expect(running.metrics.acceptPauses > 0)
      }
    }
  }
}
