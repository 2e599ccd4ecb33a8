// State under a lock: no update is lost, under any model, and an error leaves the lock free.

import TestSupport
import Testing
import Throng

private struct Counting: Handler {
  let count = Locked(0)

  func handle(_ connection: Connection) async throws {
    for try await _ in connection.lines() {
      let value = count.withLock {
        $0 += 1
        return $0
      }
      try await connection.send("\(value)\n")
    }
  }
}

extension AllTests {
  @Suite struct LockedState {
    @Test(arguments: Setup.all)
    func noUpdateIsLost(_ setup: Setup) async throws {
      let handler = Counting()
      try await withServer(handler, setup) { running in
        try concurrently(4) { _ in
          let client = try running.connect()
          try client.send(String(repeating: "\n", count: 500))
          var lines = 0
          while lines < 500 { lines += try client.receive().count { $0 == 10 } }
        }
      }
      #expect(handler.count.withLock { $0 } == 2000)
    }

    @Test func anErrorLeavesTheLockFree() {
      struct Refusal: Error {}
      let number = Locked(1)
      #expect(throws: Refusal.self) { try number.withLock { _ in throw Refusal() } }
      #expect(number.withLock { $0 } == 1)
    }
  }
}
