// A handler that waits for one of several: its client, a message from elsewhere, a moment. The patterns of the
// guide, under every model.

import TestSupport
import Testing
import Throng

/// What has to go through the handler, because it depends on what the client has said before.
private enum Event: Sendable {
  case line(String)
  case news(String)
}

private actor Newsroom {
  private var subscribers: [Int: AsyncStream<String>.Continuation] = [:]

  func subscribe(_ id: Int) -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream<String>.makeStream()
    subscribers[id] = continuation
    return stream
  }

  func unsubscribe(_ id: Int) { subscribers[id] = nil }

  func publish(_ text: String) { for each in subscribers.values { each.yield(text) } }
}

extension AllTests {
  @Suite struct SeveralSources {
    /// Two child tasks feed the handler, which alone has the state: which news its client wants.
    @Test(arguments: Setup.plainAndSecure)
    func inputAndMessagesAreOneStreamOfEvents(_ setup: Setup) async throws {
      let newsroom = Newsroom()
      let handler = Serve { connection in
        let news = await newsroom.subscribe(connection.id)
        let (events, continuation) = AsyncStream<Event>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { for await text in news { continuation.yield(.news(text)) } }
          group.addTask {
            // In whatever way the input ends, the events do.
            defer { continuation.finish() }
            for try await line in connection.lines() { continuation.yield(.line(line.text)) }
          }
          var topic = ""
          for await event in events {
            switch event {
            case .line(let text) where text.hasPrefix("say "):
              await newsroom.publish(String(text.dropFirst(4)))
            case .line(let text):
              topic = text
              try await connection.send("topic \(topic)\n")
            case .news(let text) where text.hasPrefix(topic): try await connection.send(text + "\n")
            case .news: break
            }
          }
          group.cancelAll()
        }
        await newsroom.unsubscribe(connection.id)
      }
      try await withServer(handler, setup) { running in
        let (ann, bob) = (try running.connect(), try running.connect())
        for (client, topic) in [(ann, "sport"), (bob, "music")] {
          try client.send(topic + "\n")
          #expect(try client.receiveText(12) == "topic \(topic)\n")
        }
        try bob.send("say sport: won\nsay music: new\n")
        #expect(try ann.receiveText(11) == "sport: won\n")
        #expect(try bob.receiveText(11) == "music: new\n")
        for client in [ann, bob] {
          try client.finishSending()
          #expect(try client.receiveToEnd().isEmpty)
        }
      }
    }

    /// Messages of a room are written to the connection while its handler receives, and a silent client is asked
    /// whether it is still there: no child task, no timer.
    @Test(arguments: Setup.plainAndSecure)
    func aRoomAndAKeepAlive(_ setup: Setup) async throws {
      let room = Room()
      let wasSaid = Shared(false)
      let handler = Serve { connection in
        room.join(connection, greeting: "welcome\n")
        defer { room.leave(connection) }
        let input = connection.reader()
        var missed = 0
        while missed < 3 || !wasSaid.value {
          do {
            let line = try await connection.withReceiveTimeout(.milliseconds(30)) {
              try await input.line()
            }
            guard let line else { return }
            missed = 0
            if line != "pong" { room.broadcast("\(line)\n") }
            wasSaid.change { $0 = true }
          } catch ConnectionError.timedOut(.receive) {
            missed += 1
            try await connection.send("ping\n")
          }
        }
        try await connection.send("bye\n")
      }
      try await withServer(handler, setup) { running in
        let (silent, lively) = (try running.connect(), try running.connect())
        for client in [silent, lively] { #expect(try client.receiveText(8) == "welcome\n") }
        try lively.send("hel")
        // A ping comes between the halves of the line.
        #expect(try lively.receiveText(5) == "ping\n")
        try lively.send("lo\n")
        // The silent one hears it, is asked at least three times, and is closed.
        let heard = String(decoding: try silent.receiveToEnd(), as: UTF8.self)
        #expect(heard.hasSuffix("ping\nbye\n"))
        #expect(heard.split(separator: "\n").count { $0 == "hello" } == 1)
        #expect(heard.split(separator: "\n").count { $0 == "ping" } >= 3)
        lively.close()
      }
    }
  }
}
