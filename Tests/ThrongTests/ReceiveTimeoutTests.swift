// Connection.withReceiveTimeout: one limit for all receives of a part of a conversation.

import TestSupport
import Testing
import Throng

extension AllTests {
  @Suite struct ReceiveTimeouts {
    /// A login of two lines, with one limit for both.
    private static func login(_ limit: Duration) -> Serve {
      Serve { connection in
        let input = connection.reader()
        do {
          let words = try await connection.withReceiveTimeout(limit) {
            [try await input.line()?.text, try await input.line()?.text]
          }
          try await connection.send("\(words.compactMap { $0 })")
        } catch ConnectionError.timedOut(.receive) {
          try await connection.send("late\n")
        }
        // Afterwards nothing is limited, and nothing that has arrived is lost.
        let rest = try await input.line()
        try await connection.send("rest \(rest ?? "none")")
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aClientThatDoesNotLogInIsTold(_ setup: Setup) async throws {
      try await withServer(Self.login(.milliseconds(20)), setup) { running in
        let client = try running.connect()
        // Half of the login.
        try client.send("ann\nsec")
        #expect(try client.receiveText(5) == "late\n")
        try client.send("ret\n")
        #expect(try client.receiveToEnd() == Array("rest secret".utf8))
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aLimitThatDoesNotPassChangesNothing(_ setup: Setup) async throws {
      try await withServer(Self.login(.seconds(3600)), setup) { running in
        let client = try running.connect()
        try client.send("ann\n")
        try client.send("secret\n")
        #expect(try client.receiveText(17) == #"["ann", "secret"]"#)
        try client.send("more\n")
        #expect(try client.receiveToEnd() == Array("rest more".utf8))
      }
    }

    /// A client that never stops sending does not get more time.
    @Test(arguments: Setup.all)
    func aFloodDoesNotExtendTheTime(_ setup: Setup) async throws {
      let handler = Serve { connection in
        do {
          try await connection.withReceiveTimeout(.milliseconds(20)) {
            while try await connection.receive() != nil {}
          }
        } catch ConnectionError.timedOut(.receive) {
          try await connection.send("late")
          connection.reset()
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        let bytes = [UInt8](repeating: 0, count: 4096)
        // Until the server has reset it.
        while (try? client.send(bytes)) != nil {}
      }
    }

    /// The shorter of two limits counts, and the outer one is back afterwards.
    @Test(arguments: Setup.all)
    func limitsNest(_ setup: Setup) async throws {
      let handler = Serve { connection in
        func isLate(_ limit: Duration?) async throws -> Bool {
          do {
            _ = try await connection.receive(within: limit)
            return false
          } catch ConnectionError.timedOut(.receive) {
            return true
          }
        }
        let late = try await connection.withReceiveTimeout(.seconds(3600)) {
          let inner = try await connection.withReceiveTimeout(.milliseconds(1)) {
            try await isLate(nil)
          }
          let short = try await isLate(.milliseconds(1))
          try await connection.send("go on")
          return [inner, short, try await isLate(nil)]
        }
        let outer = try await connection.withReceiveTimeout(.milliseconds(1)) {
          try await connection.withReceiveTimeout(.seconds(3600)) { try await isLate(nil) }
        }
        try await connection.send("\(late) \(outer) \(try await isLate(nil))")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(5) == "go on")
        try client.send("x")
        // The last receive has no limit, and ends with FIN.
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("[true, true, false] false false".utf8))
      }
    }

    /// A child task's receives count as well.
    @Test(arguments: Setup.all)
    func childTasksAreLimitedToo(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let isLate = try await connection.withReceiveTimeout(.milliseconds(1)) {
          async let bytes = connection.receive()
          do {
            _ = try await bytes
            return false
          } catch {
            return error as? ConnectionError == .timedOut(.receive)
          }
        }
        try await connection.send("\(isLate)")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("true".utf8))
      }
    }
  }
}
