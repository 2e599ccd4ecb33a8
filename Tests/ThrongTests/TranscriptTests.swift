// What a client sees must not depend on the model, nor on which of the two handler APIs is used.

import TestSupport
import Testing
import Throng
import ThrongHandlers

private let greeting = "Hi! I am server\n"

struct TestGreeter: Handler {
  func handle(_ connection: Connection) async throws {
    try await connection.send("Hi! I am server\n")
    for try await _ in connection.inbound {
      try await connection.send("Hi! I am server\n")
    }
  }
}

struct TestEventGreeter: EventHandler {
  func opened(_ connection: Connection) { try? connection.write("Hi! I am server\n") }
  func received(_ bytes: Bytes, on connection: Connection) {
    try? connection.write("Hi! I am server\n")
  }
}

extension AllTests {
  @Suite struct Transcript {
    @Test(arguments: Setup.plainAndSecure, API.allCases)
    func theGreeterSaysTheSameUnderEveryModel(_ setup: Setup, _ api: API) async throws {
      let talk: @Sendable (RunningServer) throws -> Void = { running in
        let client = try running.connect()
        #expect(try client.receiveText(greeting.utf8.count) == greeting)
        for _ in 0..<3 {
          try client.send("HI! I am client.")
          #expect(try client.receiveText(greeting.utf8.count) == greeting)
        }
        try client.finishSending()
        #expect(try client.receiveToEnd().isEmpty)
      }
      switch api {
      case .handler: try await withServer(TestGreeter(), setup, talk)
      case .events: try await withServer(events: TestEventGreeter(), setup, talk)
      }
    }
  }
}
