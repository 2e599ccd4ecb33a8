// A handler that blocks its thread holds up no other client where there are other threads: also not what it
// has just left for them to do.

import CEpollShim
import LinuxSystem
import TestSupport
import Testing

@testable import Throng

/// Threads block here, and not tasks, until the test lets them through; for a while only, so that a test
/// that fails ends.
private final class Barrier: Sendable {
  private let isOpen = Shared(false)
  let blocked = Shared(0)

  func block() {
    blocked.change { $0 += 1 }
    try? eventually("the test lets through", within: .seconds(90)) { isOpen.value }
  }

  func open() { isOpen.change { $0 = true } }
}

extension AllTests {
  @Suite struct Blocking {
    /// With a worker left to sleep besides those that serve the two clients.
    static let setups = [
      Setup(model: .threadPool(threads: 3)), Setup(model: .threadPool(threads: 2)),
      Setup(model: .threadPerClient),
    ]

    /// The first client hears from the second one, whose handler then blocks.
    private static func expectHeard(
      _ text: String, _ barrier: Barrier, _ running: RunningServer
    ) throws {
      defer { barrier.open() }
      let listener = try running.connect()
      #expect(try listener.receiveText(1) == "+")
      let speaker = try running.connect()
      #expect(try speaker.receiveText(1) == "+")
      try speaker.send("x")
      #expect(try listener.receiveText(text.utf8.count) == text)
      try eventually("the speaker blocks") { barrier.blocked.value == 1 }
    }

    @Test(arguments: setups)
    func whatAHandlerHasWrittenGoesOutWhileItBlocks(_ setup: Setup) async throws {
      let barrier = Barrier()
      let first = Shared<Connection?>(nil)
      let handler = Serve { connection in
        first.change { if $0 == nil { $0 = connection } }
        try await connection.send("+")
        for try await _ in connection.inbound {
          try first.value?.write("hello", flush: .endOfTurn)
          barrier.block()
        }
      }
      try await withServer(handler, setup) { running in
        try Self.expectHeard("hello", barrier, running)
        first.change { $0 = nil }
      }
    }

    @Test(arguments: setups)
    func whatACallbackHasWrittenGoesOutWhileItBlocks(_ setup: Setup) async throws {
      struct Speaking: EventHandler {
        let barrier = Barrier()
        let first = Shared<Connection?>(nil)
        func opened(_ connection: Connection) {
          first.change { if $0 == nil { $0 = connection } }
          try? connection.write("+")
        }
        func received(_ bytes: Bytes, on connection: Connection) {
          try? first.value?.write("hello", flush: .endOfTurn)
          barrier.block()
        }
      }
      let handler = Speaking()
      try await withServer(events: handler, setup) { running in
        try Self.expectHeard("hello", handler.barrier, running)
        handler.first.change { $0 = nil }
      }
    }

    @Test(arguments: setups)
    func aHandlerThatAnotherHasWokenRunsWhileThatBlocks(_ setup: Setup) async throws {
      let barrier = Barrier()
      let isFirst = Shared(true)
      let (stream, news) = AsyncStream<String>.makeStream()
      let handler = Serve { connection in
        let isListener = isFirst.change { first in
          defer { first = false }
          return first
        }
        try await connection.send("+")
        if isListener {
          for await text in stream { try await connection.send(text) }
          return
        }
        for try await _ in connection.inbound {
          news.yield("hello")
          barrier.block()
        }
      }
      try await withServer(handler, setup) { running in
        defer { news.finish() }
        try Self.expectHeard("hello", barrier, running)
      }
    }
  }
}
