// When epoll refuses a connection (epoll_ctl(2) may fail with ENOMEM at any time), that connection is lost
// and the others go on.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct LostEvents {
    private static let readinessDriven = Setup.all.filter { !$0.isThreadPerClient }

    /// From now on epoll answers ENOENT to each change for the connection.
    private static func unwatch(_ connection: Connection) throws {
      guard let ready = connection as? NonBlockingConnection else { throw TestFailure("no events") }
      ready.state.withLock { ready.loop.epoll.delete($0.transport.descriptor) }
    }

    @Test(arguments: readinessDriven)
    func aConnectionThatEpollRefusesToWatchIsLostAndTheOthersGoOn(_ setup: Setup) async throws {
      let ends = Shared<[String]>([])
      let handler = Serve { connection in
        do {
          while let bytes = try await connection.receive() {
            if bytes.text == "go" {
              try Self.unwatch(connection)
              // More than the kernel takes, so the rest must wait for an event.
              let much = Bytes([UInt8](repeating: 1, count: 100_000))
              for _ in 0..<1000 { try await connection.send(much) }
            }
            try await connection.send(bytes)
          }
        } catch {
          ends.change { $0.append("\(error)") }
          throw error
        }
      }
      try await withServer(
        handler, setup, configure: { $0.connection.sendBufferSize = 16384 }
      ) { running in
        let others = try (0..<3).map { _ in try running.connect() }
        for client in others {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        let lost = try running.connect(receiveBuffer: 16384)
        try lost.send("go")
        try eventually("its handler was told") { ends.value.count == 1 }
        #expect(ends.value == ["\(ConnectionError.lost(.noSuchFileOrDirectory))"])
        #expect(try lost.isReset())
        #expect(running.metrics.lost == 1)
        for client in others {
          try client.send("y")
          #expect(try client.receiveText(1) == "y")
        }
      }
    }

    @Test(arguments: readinessDriven)
    func anEventHandlerIsToldOfAConnectionThatEpollRefusesToWatch(_ setup: Setup) async throws {
      let ends = Shared<[ConnectionError?]>([])
      try await withServer(
        events: Flooder(unwatch: Self.unwatch, ends: ends), setup,
        configure: { $0.connection.sendBufferSize = 16384 }
      ) { running in
        let lost = try running.connect(receiveBuffer: 16384)
        try lost.send("go")
        try eventually("its handler was told") { ends.value.count == 1 }
        #expect(ends.value == [.lost(.noSuchFileOrDirectory)])
        #expect(try lost.isReset())
        let other = try running.connect()
        try other.send("y")
        #expect(try other.receiveText(1) == "y")
      }
    }

    /// Writes more than the kernel takes, unwatched, to a client that says "go", and echoes the rest.
    private struct Flooder: EventHandler {
      let unwatch: @Sendable (Connection) throws -> Void
      let ends: Shared<[ConnectionError?]>

      func received(_ bytes: Bytes, on connection: Connection) {
        if bytes.text == "go" {
          try? unwatch(connection)
          try? connection.write(Bytes([UInt8](repeating: 1, count: 900_000)))
        } else {
          try? connection.write(bytes)
        }
      }

      func closed(_ connection: Connection, error: ConnectionError?) {
        if let error { ends.change { $0.append(error) } }
      }
    }

    /// A server at its limit has epoll look away from its listener, and back when there is room.
    @Test(arguments: readinessDriven)
    func aListenerThatEpollRefusesToWatchIsTriedAgain(_ setup: Setup) async throws {
      let listeners = Shared<[Listener]>([])
      let handler = Serve { connection in
        // On a thread of the loop, as `sources` wants it.
        let found = connection.context.loop.sources.compactMap { $0 as? Listener }
        listeners.change { $0 += found }
        for try await bytes in connection.inbound { try await connection.send(bytes) }
      }
      // With several loops the kernel would choose where the second client waits.
      let one = Setup(model: setup.loops > 1 ? .reactor : setup.model)
      try await withServer(handler, one, configure: { $0.maximumConnections = 1 }) { running in
        defer { listeners.change { $0 = [] } }
        let first = try running.connect()
        try first.send("x")
        #expect(try first.receiveText(1) == "x")
        let second = try running.connect()
        try second.send("y")
        try eventually("accepting has paused") { running.metrics.acceptPauses == 1 }
        let listener = try #require(listeners.value.first)
        let descriptor = try #require(listener.descriptor)
        listener.loop.epoll.delete(descriptor)
        first.close()
        try eventually("it could not go on") { running.metrics.acceptPauses > 1 }
        try listener.loop.epoll.add(descriptor, [], listener.token)
        #expect(try second.receiveText(1) == "y")
      }
    }
  }
}
