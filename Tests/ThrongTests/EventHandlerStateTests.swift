// Event handlers with a state for each connection, and with a pause.

import TestSupport
import Testing
import Throng

/// Answers how many bytes its client has sent, and notes the last count at the end.
private struct Counter: StatefulEventHandler {
  let last = Shared<[Int]>([])

  func opened(_ connection: Connection) -> Int { 0 }

  func received(_ bytes: Bytes, on connection: Connection, _ count: inout Int) {
    count += bytes.count
    try? connection.write("\(count)\n")
  }

  func closed(_ connection: Connection, error: ConnectionError?, _ count: Int) {
    last.change { $0.append(count) }
  }
}

/// Pauses at a "p", and notes what comes.
private struct Pausing: EventHandler {
  let log = Shared<[String]>([])
  let paused = Shared<Connection?>(nil)

  func received(_ bytes: Bytes, on connection: Connection) {
    log.change { $0.append(bytes.text) }
    if bytes == "p" {
      connection.pauseReceiving()
      paused.change { $0 = connection }
    }
    try? connection.write(bytes)
  }

  func resume() throws {
    let connection = paused.change { $0.take() }
    try #require(connection).resumeReceiving()
  }
}

extension AllTests {
  @Suite struct EventHandlerStates {
    @Test(arguments: Setup.all)
    func eachConnectionHasItsState(_ setup: Setup) async throws {
      let handler = Counter()
      try await withServer({
        Server(events: handler, model: setup.model, configuration: $0, log: $1)
      }) { running in
        let first = try running.connect()
        let second = try running.connect()
        try first.send("abc")
        #expect(try first.receiveText(2) == "3\n")
        try second.send("a")
        #expect(try second.receiveText(2) == "1\n")
        try first.send("de")
        #expect(try first.receiveText(2) == "5\n")
        try first.finishSending()
        #expect(try first.receiveToEnd() == [])
        try eventually("the end is told") { handler.last.value == [5] }
      }
      #expect(handler.last.value == [5, 1])
    }

    @Test(arguments: Setup.all)
    func nothingIsReceivedInAPause(_ setup: Setup) async throws {
      let handler = Pausing()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        let other = try running.connect()
        try client.send("p")
        #expect(try client.receiveText(1) == "p")
        try client.send("a")
        // What the loop does for another client comes after what it would have done for the first.
        for _ in 0..<3 {
          try other.send("o")
          #expect(try other.receiveText(1) == "o")
        }
        handler.log.change { $0.append("resumed") }
        try handler.resume()
        #expect(try client.receiveText(1) == "a")
        #expect(handler.log.value.filter { $0 != "o" } == ["p", "resumed", "a"])
        try client.send("b")
        #expect(try client.receiveText(1) == "b")
      }
    }

    /// The client's end is told to a paused handler once it goes on.
    @Test(arguments: Setup.all)
    func aPausedClientMayEnd(_ setup: Setup) async throws {
      let handler = Pausing()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send("p")
        #expect(try client.receiveText(1) == "p")
        try client.send("a")
        try client.finishSending()
        try handler.resume()
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == "a")
      }
    }
  }
}
