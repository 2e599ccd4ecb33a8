// A handler that awaits something else than its client learns that the client is gone.

import TestSupport
import Testing
import Throng

extension AllTests {
  @Suite struct GoneClients {
    @Test(arguments: [Model.reactor, .reactor(loops: 2), .threadPerClient])
    func aResetCancelsAHandlerThatAwaitsSomethingElse(_ model: Model) async throws {
      let wasCancelled = Shared(false)
      let handler = Serve { connection in
        _ = try await connection.receive()
        try await connection.send("sleeping")
        do {
          try await Task.sleep(for: .seconds(3600))  // a handler sleeps
        } catch is CancellationError {
          wasCancelled.change { $0 = true }
        }
      }
      try await withServer(handler, Setup(model: model)) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(8) == "sleeping")
        client.reset()
        try eventually("the handler is cancelled") { wasCancelled.value }
      }
    }

    /// A receive that fails says enough: what the handler does then is not cancelled.
    @Test(arguments: Setup.all)
    func aHandlerThatReceivesIsNotCancelled(_ setup: Setup) async throws {
      let outcome = Shared<Bool?>(nil)
      let handler = Serve { connection in
        do {
          while try await connection.receive() != nil { try await connection.send("x") }
        } catch is ConnectionError {
          await Task.yield()
          outcome.change { $0 = Task.isCancelled }
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        client.reset()
        try eventually("the handler has ended") { outcome.value != nil }
        #expect(outcome.value == false)
      }
    }

    @Test(arguments: Setup.all)
    func theEndOfAConnectionCanBeAwaited(_ setup: Setup) async throws {
      let log = Shared<[String]>([])
      let handler = Serve { connection in
        await withTaskGroup(of: String.self) { group in
          group.addTask {
            await connection.closed
            return "closed"
          }
          group.addTask {
            try? await connection.send("x")
            try? await Task.sleep(for: .seconds(3600))  // a handler sleeps
            return "slept"
          }
          for await first in group {
            log.change { $0.append(first) }
            group.cancelAll()
          }
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(1) == "x")
        client.reset()
        try eventually("both have ended") { log.value.count == 2 }
        // A task that sleeps may be cancelled together with its handler, and say so first.
        #expect(Set(log.value) == ["closed", "slept"])
      }
    }

    @Test(arguments: Setup.all)
    func waitingForTheEndCanBeCancelled(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let wait = Task { await connection.closed }
        wait.cancel()
        await wait.value
        try await connection.send("open")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(4) == "open")
      }
    }
  }
}
