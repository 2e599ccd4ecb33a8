// The test kit finds what is wrong with a handler, and says under which model.

import Testing
import Throng
import ThrongTesting

private struct Shouter: Handler {
  func handle(_ connection: Connection) async throws {
    for try await line in connection.lines() {
      try await connection.send("\(line.text.uppercased())\n")
    }
  }
}

/// Never answers.
private struct Silent: Handler {
  func handle(_ connection: Connection) async throws {
    while try await connection.receive() != nil {}
    try await Task.sleep(for: .seconds(3600))  // a handler sleeps, for longer than the test waits
  }
}

private struct EventEcho: EventHandler {
  func received(_ bytes: Bytes, on connection: Connection) { try? connection.write(bytes) }
}

@Suite struct ExchangeTests {
  @Test func aRightHandlerPasses() async throws {
    try await exchange(with: Shouter(), sending: "ping\nx\n", expecting: "PING\nX\n")
    try await exchange(withEvents: EventEcho(), sending: "ping", expecting: "ping")
    try await exchange(with: Shouter(), sending: "", expecting: "")
  }

  @Test func moreThanTheBuffersHoldPasses() async throws {
    let line = Bytes(String(repeating: "X", count: 1023) + "\n")
    let all = Bytes(joining: Array(repeating: line, count: 256))
    try await withServer(Shouter()) { server in
      let client = try server.connect()
      for _ in 0..<32 { try client.send(all) }
      client.finishSending()
      #expect(try client.receiveToEnd().count == 32 * all.count)
    }
  }

  @Test(arguments: Model.everyKind)
  func aWrongReplyIsShown(_ model: Model) async throws {
    let error = await #expect(throws: TestFailure.self) {
      try await exchange(
        with: Shouter(), under: [model], sending: "ping\n", expecting: "PONG\n")
    }
    #expect(
      error?.description
        == "\(model), sending 5 bytes at a time: expected 'PONG\\n', got 'PING\\n'")
  }

  @Test func aReplyTooManyIsShown() async throws {
    let error = await #expect(throws: TestFailure.self) {
      try await exchange(
        with: Shouter(), under: [.reactor], sending: "a\nb\n", expecting: "A\n")
    }
    #expect(error?.description.hasSuffix("expected the end, got 'B\\n'") == true)
  }

  @Test(arguments: [Model.reactor, .threadPool(threads: 2)])
  func silenceEndsAtTheTimeLimit(_ model: Model) async throws {
    let error = await #expect(throws: TestFailure.self) {
      try await exchange(
        with: Silent(), under: [model], sending: "a", expecting: "b", timeLimit: .milliseconds(50))
    }
    #expect(error?.description.contains("nothing for 0.05 seconds") == true)
  }
}
