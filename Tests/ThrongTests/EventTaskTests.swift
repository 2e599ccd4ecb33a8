// Tasks that an event handler's callbacks start.

import LinuxSystem
import TestSupport
import Testing

@testable import Throng

/// Replies only once the client has sent FIN, and from a task.
private struct LateReply: EventHandler {
  let reply: Bytes
  let failures = Shared(0)

  init(byteCount: Int) { reply = Bytes([UInt8](repeating: 65, count: byteCount)) }

  func received(_ bytes: Bytes, on connection: Connection) {}

  func inputEnded(_ connection: Connection) {
    Task {
      do {
        try await connection.send(reply)
      } catch {
        failures.change { $0 += 1 }
      }
      connection.close()
    }
  }
}

extension AllTests {
  @Suite struct EventTasks {
    @Test(arguments: Setup.plainAndSecure)
    func aTaskSendsAfterTheClientsFIN(_ setup: Setup) async throws {
      let handler = LateReply(byteCount: 20_000_000)
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send("x")
        try client.finishSending()
        #expect(try client.receiveToEnd().count == 20_000_000)
        try eventually("it has ended") { running.metrics.open == 0 }
      }
      #expect(handler.failures.value == 0)
    }

    /// More clients than threads may be left over: see `Footprint`.
    @Test(arguments: Setup.plainAndSecure)
    func threadsThatTasksNeededEndWithTheirConnections(_ setup: Setup) async throws {
      let handler = LateReply(byteCount: 1_000_000)
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
      }
      try await withServer(events: handler, setup, configure: configure) { running in
        try concurrently(40) { _ in
          let client = try running.connect(receiveBuffer: 16384)
          try client.finishSending()
          try check(try client.receiveToEnd().count == 1_000_000, "not all of it")
        }
      }
      #expect(handler.failures.value == 0)
    }
  }
}
