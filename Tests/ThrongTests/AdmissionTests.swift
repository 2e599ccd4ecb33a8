// The limits hold for the whole server, whatever its loops, and the log says so without flooding.

import LinuxSystem
import Logging
import SystemPackage
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension Setup {
  static let withFourLoops = all + [Setup(model: .reactor(loops: 4))]
}

extension AllTests {
  @Suite struct Admission {
    /// How many handlers run at the same time.
    private struct Crowd {
      var now = 0
      var most = 0
    }

    @Test(arguments: Setup.withFourLoops, [8, 10])
    func theServerServesExactlyTheLimit(_ setup: Setup, _ limit: Int) async throws {
      let crowd = Shared(Crowd())
      let handler = Serve { connection in
        crowd.change { c in
          c.now += 1
          c.most = max(c.most, c.now)
        }
        defer { crowd.change { $0.now -= 1 } }
        try await connection.send("x")
        while try await connection.receive() != nil {}
      }
      try await withServer(handler, setup, configure: { $0.maximumConnections = limit }) {
        running in
        var waiting = try (0..<40).map { _ in try running.connect() }
        try eventually("\(limit) are served", within: .seconds(30)) { crowd.value.now == limit }
        // Each that leaves makes room for one of those in the queues of all loops.
        while !waiting.isEmpty {
          try eventually("a client is served", within: .seconds(30)) {
            guard let index = waiting.firstIndex(where: \.hasInput) else { return false }
            waiting.remove(at: index).close()
            return true
          }
        }
        #expect(crowd.value.most == limit)
        #expect(running.metrics.accepted == 40)
      }
    }

    @Test(arguments: Setup.withFourLoops, [(65536, 10), (100, 60)])
    func anAddressHasExactlyItsShareOfTheServer(
      _ setup: Setup, _ limits: (connections: Int, perAddress: Int)
    ) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.maximumConnections = limits.connections
        $0.maximumConnectionsPerAddress = limits.perAddress
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        let clients = try (0..<limits.perAddress + 30).map { _ in try running.connectUnlessReset() }
        var served = 0
        for client in clients.compactMap(\.self) {
          _ = try? client.send("x")
          if try client.receiveUnlessReset() == Array("x".utf8) { served += 1 }
        }
        #expect(served == limits.perAddress)
        #expect(running.metrics.refused == 30)
        let neighbour = try TestClient(
          running.address, from: SocketAddress.resolve(host: "127.0.0.3", port: 0)[0])
        try neighbour.send("x")
        #expect(try neighbour.receiveText(1) == "x")
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func aFullServerResetsClientsIfToldTo(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.maximumConnections = 3
        $0.whenFull = .reset
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        func isServed() throws -> TestClient? {
          guard let client = try running.connectUnlessReset() else { return nil }
          _ = try? client.send("x")
          return try client.receiveUnlessReset() == Array("x".utf8) ? client : nil
        }
        let clients = try (0..<3).map { _ in try #require(try isServed()) }
        for _ in 0..<5 { #expect(try isServed() == nil) }
        #expect(running.metrics.refused == 5)
        #expect(running.metrics.acceptPauses == 0)
        clients[0].close()
        try eventually("one has left") { running.metrics.open == 2 }
        #expect(try isServed() != nil)
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func anAddressMayConnectOnlySoFast(_ setup: Setup) async throws {
      try await withEcho(setup, .handler, configure: { $0.acceptRatePerAddress = 5 }) { running in
        // The time of the test adds a few.
        let start = MonotonicTime.now
        var served = 0
        for _ in 0..<30 {
          guard let client = try running.connectUnlessReset() else { continue }
          _ = try? client.send("x")
          if try client.receiveUnlessReset() == Array("x".utf8) { served += 1 }
        }
        let seconds = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
        #expect(served >= 5 && served <= 5 + Int(seconds * 5) + 1, "\(served) in \(seconds) s")
        #expect(running.metrics.refused == 30 - served)
        let neighbour = try TestClient(
          running.address, from: SocketAddress.resolve(host: "127.0.0.3", port: 0)[0])
        try neighbour.send("x")
        #expect(try neighbour.receiveText(1) == "x")
      }
    }

    /// Each message keeps the loop busy for longer than the shedding interval, so that on a machine of any
    /// speed every client that connects meanwhile has waited too long.
    @Test func anOverloadedLoopRefusesClientsAndServesAgain() async throws {
      let handler = Serve { connection in
        while let bytes = try await connection.receive() {
          let end = MonotonicTime.now + .milliseconds(150)
          while MonotonicTime.now < end {}
          try await connection.send(bytes)
        }
      }
      try await withServer(
        handler, Setup.all[0], configure: { $0.shedDelay = .milliseconds(1) }
      ) { running in
        try concurrently(8) { _ in
          try eventually("clients are refused") {
            guard running.metrics.refused == 0 else { return true }
            guard let client = try running.connectUnlessReset() else { return true }
            _ = try? client.send("x")
            _ = try client.receiveUnlessReset()
            return running.metrics.refused > 0
          }
        }
        try eventually("a client is served") {
          guard let client = try running.connectUnlessReset() else { return false }
          _ = try? client.send("x")
          return try client.receiveUnlessReset() == Array("x".utf8)
        }
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func theRateIsThatOfTheServer(_ setup: Setup) async throws {
      let start = MonotonicTime.now
      try await withEcho(setup, .handler, configure: { $0.acceptRate = 50 }) { running in
        let clients = try (0..<30).map { _ in try running.connect() }
        for client in clients {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        // Six may come at once.
        #expect(MonotonicTime.now >= start + .milliseconds(24 * 20))
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func aClientBelowTheRateDoesNotWait(_ setup: Setup) async throws {
      try await withEcho(setup, .handler, configure: { $0.acceptRate = 1 }) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        #expect(running.metrics.acceptPauses == 0)
      }
    }

    @Test(arguments: Setup.withFourLoops)
    func aCrowdAroundTheLimitDoesNotFloodTheLog(_ setup: Setup) async throws {
      let messages = Shared<[String]>([])
      let start = MonotonicTime.now
      try await withServer(
        { configuration, _ in
          Server(
            Echo(), model: setup.model, configuration: configuration,
            log: .recordingWarnings(messages))
        },
        configure: {
          $0.maximumConnections = 2
          $0.maximumConnectionsPerAddress = 1
        }
      ) { running in
        let holder = try running.connect()
        try holder.send("x")
        #expect(try holder.receiveText(1) == "x")
        for _ in 0..<100 { #expect(try running.refusesAClient()) }
      }
      let intervals = 1 + (MonotonicTime.now.nanoseconds - start.nanoseconds) / 10_000_000_000
      let refusals = messages.value.filter {
        $0.hasPrefix(
          "refused a client from 127.0.0.1: 1 connections from there are open, the limit;")
      }
      #expect(refusals.count >= 1 && refusals.count <= intervals, "\(messages.value)")
    }

    @Test func theConnectionLimitIsLoggedOnce() async throws {
      let messages = Shared<[String]>([])
      let start = MonotonicTime.now
      try await withServer(
        { configuration, _ in
          Server(Echo(), configuration: configuration, log: .recordingWarnings(messages))
        },
        configure: { $0.maximumConnections = 1 }
      ) { running in
        var clients = try (0..<100).map { _ in try running.connect() }
        for client in clients { try client.send("x") }
        while !clients.isEmpty {
          let client = clients.removeFirst()
          #expect(try client.receiveText(1) == "x")
          client.close()
        }
        #expect(running.metrics.acceptPauses > 50)
      }
      let intervals = 1 + (MonotonicTime.now.nanoseconds - start.nanoseconds) / 10_000_000_000
      #expect(messages.value.count <= intervals, "\(messages.value)")
      #expect(
        messages.value.first?.hasPrefix(
          "connection limit (1) reached; accepting paused until a connection closes") == true)
    }

    /// A log that blocks holds up the thread that writes to it and no other one.
    @Test func nothingIsLoggedUnderTheLockOfTheServer() async throws {
      let log = BlockingLog()
      let handler = Serve { connection in
        try await connection.send("x")
        _ = try await connection.receive()
      }
      try await withServer(
        { configuration, _ in
          Server(
            handler, model: .threadPool(threads: 2), configuration: configuration,
            log: Logger(label: "test", factory: { _ in log }))
        }, configure: { $0.maximumConnections = 1 }
      ) { running in
        defer { log.unblock() }
        let first = try running.connect()
        #expect(try first.receiveText(1) == "x")
        let second = try running.connect(timeout: .seconds(30))
        try eventually("a thread is in the log", within: .seconds(30)) { log.isBlocked }
        first.close()
        // The other thread ends the connection and serves the next one.
        #expect(try second.receiveText(1) == "x")
        #expect(log.isBlocked)
      }
    }
  }
}

/// Blocks the thread that logs a warning, until it is told not to.
private struct BlockingLog: LogHandler {
  private enum State { case free, blocked, unblocked }

  private let state = Cell(State.free)
  var logLevel = Logger.Level.warning
  var metadata: Logger.Metadata = [:]

  var isBlocked: Bool { state.monitor.withLock { $0 == .blocked } }

  func unblock() {
    state.monitor.withLock { $0 = .unblocked }
    state.monitor.wakeAll()
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    state.monitor.wait { s in
      if s == .free { s = .blocked }
      return s == .unblocked ? () : nil
    }
  }

  private final class Cell<Value: Sendable>: Sendable {
    let monitor: Monitor<Value>
    init(_ value: Value) { monitor = Monitor(value) }
  }
}
