// ConnectionOptions.cancelsOnClose: a client that has sent FIN, and all of whose bytes were received, is gone for
// a handler that awaits something else.

import TestSupport
import Testing
import Throng

extension AllTests {
  @Suite struct ClosedClients {
    /// Says "busy" to each byte, and awaits what never comes.
    private static func sleeper(_ outcomes: Shared<[String]>) -> Serve {
      Serve { connection in
        _ = try await connection.receive(atMost: 1)
        try await connection.send("busy")
        do {
          try await Task.sleep(for: .seconds(3600))  // a handler sleeps
        } catch is CancellationError {
          outcomes.change { $0.append("cancelled") }
        }
        // The rest of the connection works as after any FIN.
        let rest = try? await connection.receive()
        try await connection.send("bye \(rest?.text ?? "end")")
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func finCancelsAHandlerThatAwaitsSomethingElse(_ setup: Setup) async throws {
      let outcomes = Shared<[String]>([])
      try await withServer(
        Self.sleeper(outcomes), setup, configure: { $0.connection.cancelsOnClose = true }
      ) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(4) == "busy")
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("bye end".utf8))
        #expect(outcomes.value == ["cancelled"])
      }
    }

    /// Nothing was received at all when FIN comes.
    @Test(arguments: Setup.plainAndSecure)
    func finCancelsAHandlerThatHasNotReceived(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await connection.send("busy")
        try? await Task.sleep(for: .seconds(3600))  // a handler sleeps
        try await connection.send("\(Task.isCancelled)")
      }
      try await withServer(handler, setup, configure: { $0.connection.cancelsOnClose = true }) {
        running in
        let client = try running.connect()
        #expect(try client.receiveText(4) == "busy")
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("true".utf8))
      }
    }

    /// Bytes before FIN keep the handler: it is cancelled only after it has received them.
    @Test(arguments: Setup.plainAndSecure)
    func whatIsUnreadIsServedFirst(_ setup: Setup) async throws {
      let mayReceive = Shared(false)
      let handler = Serve { connection in
        try await connection.send("busy")
        while !mayReceive.value { try await Task.sleep(for: .milliseconds(1)) }  // a handler sleeps
        let text = try await connection.receive()?.text ?? "nothing"
        try? await Task.sleep(for: .seconds(3600))  // a handler sleeps
        try await connection.send("\(text) \(Task.isCancelled)")
      }
      try await withServer(handler, setup, configure: { $0.connection.cancelsOnClose = true }) {
        running in
        let client = try running.connect()
        #expect(try client.receiveText(4) == "busy")
        try client.send("last words")
        try client.finishSending()
        // A second client's round trip: by then the loop has seen the first one's end.
        let other = try running.connect()
        #expect(try other.receiveText(4) == "busy")
        mayReceive.change { $0 = true }
        #expect(try client.receiveToEnd() == Array("last words true".utf8))
        other.reset()
      }
    }

    /// Messages that a reader has buffered are unread, too.
    @Test(arguments: Setup.plainAndSecure)
    func bufferedMessagesAreServedFirst(_ setup: Setup) async throws {
      let mayGoOn = Shared(false)
      let handler = Serve { connection in
        let input = connection.reader()
        var served: [String] = []
        while let line = try await input.line() {
          served.append(line.text)
          if served.count == 1 { try await connection.send("busy") }
          connection.flush()
          while !mayGoOn.value { try await Task.sleep(for: .milliseconds(1)) }  // a handler sleeps
          if served.count == 3 { try? await Task.sleep(for: .seconds(3600)) }  // a handler sleeps
        }
        try await connection.send("\(served) \(Task.isCancelled)")
      }
      try await withServer(handler, setup, configure: { $0.connection.cancelsOnClose = true }) {
        running in
        let client = try running.connect()
        try client.send("a\nb\nc\n")
        #expect(try client.receiveText(4) == "busy")
        try client.finishSending()
        let other = try running.connect()
        try other.send("x\n")
        #expect(try other.receiveText(4) == "busy")
        mayGoOn.change { $0 = true }
        #expect(try client.receiveToEnd() == Array("[\"a\", \"b\", \"c\"] true".utf8))
        other.reset()
      }
    }

    /// A receive that ends says enough: what the handler does then is not cancelled. Two workers are left out: one
    /// may see FIN while the other has not come back to the receive.
    @Test(arguments: Setup.plainAndSecure.filter { $0.model != .threadPool(threads: 2) })
    func aHandlerThatReceivesIsNotCancelled(_ setup: Setup) async throws {
      let handler = Serve { connection in
        while try await connection.receive() != nil { try await connection.send("x") }
        await Task.yield()
        try await connection.send("\(Task.isCancelled)")
      }
      try await withServer(handler, setup, configure: { $0.connection.cancelsOnClose = true }) {
        running in
        let client = try running.connect()
        for _ in 0..<3 {
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("false".utf8))
      }
    }

    /// The client may still read: FIN alone cancels nothing unless it is asked for.
    @Test(arguments: Setup.plainAndSecure)
    func finAloneCancelsNothingByDefault(_ setup: Setup) async throws {
      let mayGoOn = Shared(false)
      let handler = Serve { connection in
        try await connection.send("busy")
        while !mayGoOn.value { await Task.yield() }
        try await connection.send("\(Task.isCancelled)")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(4) == "busy")
        try client.finishSending()
        mayGoOn.change { $0 = true }
        #expect(try client.receiveToEnd() == Array("false".utf8))
      }
    }
  }
}
