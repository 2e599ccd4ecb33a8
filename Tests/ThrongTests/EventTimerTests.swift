// The timer of an event handler: that it fires once, between the other callbacks, and not after the end.

import TestSupport
import Testing
import Throng

/// Does what each letter of its client says; notes its callbacks.
private struct Script: EventHandler {
  let log = Shared<[String]>([])
  let connections = Shared<[Connection]>([])
  /// A callback that an "h" holds up waits for this.
  let isFree = Shared(true)

  var timerCount: Int { log.value.count { $0 == "timer" } }

  private func note(_ text: String) { log.change { $0.append(text) } }

  func opened(_ connection: Connection) { connections.change { $0.append(connection) } }

  func received(_ bytes: Bytes, on connection: Connection) {
    for letter in bytes.text { perform(letter, connection) }
  }

  private func perform(_ letter: Character, _ connection: Connection) {
    switch letter {
    case "0": connection.setTimer(after: .zero)
    case "1": connection.setTimer(after: .milliseconds(1))
    case "9": connection.setTimer(after: .seconds(3600))
    case "c": connection.cancelTimer()
    case "p": connection.pauseReceiving()
    case "h":
      note("held")
      isFree.wait { $0 ? () : nil }
      note("free")
    case "q": connection.close()
    case "r": connection.reset()
    default: try? connection.write("\(letter)")
    }
  }

  func timerFired(on connection: Connection) {
    note("timer")
    try? connection.write("t")
    connection.resumeReceiving()
    isFree.change { $0 = true }
    if log.value.contains("end") { connection.close() }
  }

  func inputEnded(_ connection: Connection) {
    connection.setTimer(after: .milliseconds(1))
    note("end")
    try? connection.write("e")
  }

  func closed(_ connection: Connection, error: ConnectionError?) {
    connections.change { $0.removeAll { $0 == connection } }
    note("closed")
  }
}

/// Counts its timers, and says how many there were.
private struct Ticks: StatefulEventHandler {
  func opened(_ connection: Connection) -> Int {
    connection.setTimer(after: .milliseconds(1))
    return 0
  }

  func received(_ bytes: Bytes, on connection: Connection, _ count: inout Int) {
    try? connection.write("\(count)\n")
  }

  func timerFired(on connection: Connection, _ count: inout Int) {
    count += 1
    if count < 5 { connection.setTimer(after: .zero) } else { try? connection.write("five\n") }
  }
}

extension AllTests {
  @Suite struct EventTimers {
    /// The handler has seen what the client has sent until now.
    private func expectAnswer(_ client: TestClient) throws {
      try client.send("x")
      #expect(try client.receiveText(1) == "x")
    }

    @Test(arguments: Setup.plainAndSecure)
    func itFiresOnceEachTimeThatItIsSet(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        for _ in 0..<3 {
          try client.send("1")
          #expect(try client.receiveText(1) == "t")
          try expectAnswer(client)
        }
      }
      // The server's drain ends the input.
      #expect(handler.log.value.prefix(4) == ["timer", "timer", "timer", "end"])
    }

    /// Each client's second timer, which fires, follows the first, which must not.
    @Test(arguments: Setup.all, ["91", "19c1", "0c1", "001"])
    func theLastSettingCounts(_ setup: Setup, _ letters: String) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send(letters)
        #expect(try client.receiveText(1) == "t")
        try expectAnswer(client)
        #expect(handler.timerCount == 1)
      }
    }

    @Test(arguments: Setup.all)
    func itIsNotEarly(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try expectAnswer(client)
        let start = ContinuousClock.now
        handler.connections.value.first?.setTimer(after: .milliseconds(50))
        #expect(try client.receiveText(1) == "t")
        #expect(ContinuousClock.now - start >= .milliseconds(50))
      }
    }

    @Test(arguments: Setup.all, ["0q", "0r"])
    func itDoesNotFireOnceTheConnectionIsClosed(_ setup: Setup, _ letters: String) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try expectAnswer(client)
        let connection = try #require(handler.connections.value.first)
        try client.send(letters)
        _ = try? client.receiveToEnd()
        // Which the server lingers for.
        try? client.finishSending()
        try handler.log.wait("it is closed") { $0.contains("closed") }
        connection.setTimer(after: .zero)
        // Another client's timer fires later.
        let other = try running.connect()
        try other.send("1")
        #expect(try other.receiveText(1) == "t")
        #expect(handler.log.value == ["closed", "timer"])
      }
    }

    @Test(arguments: Setup.all)
    func itWaitsForTheEndOfACallback(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send("0h")
        #expect(try client.receiveText(1) == "t")
        #expect(handler.log.value == ["held", "free", "timer"])
      }
    }

    /// Another client's timer fires while the callback runs.
    @Test(arguments: [Model.threadPool(threads: 2), .threadPerClient])
    func itWaitsForTheEndOfACallbackThatBlocks(_ model: Model) async throws {
      let handler = Script()
      try await withServer(events: handler, Setup(model: model)) { running in
        let client = try running.connect()
        let other = try running.connect()
        handler.isFree.change { $0 = false }
        try client.send("0h")
        try handler.log.wait("the callback runs") { $0 == ["held"] }
        try other.send("1")
        #expect(try other.receiveText(1) == "t")
        #expect(try client.receiveText(1) == "t")
        #expect(handler.log.value == ["held", "timer", "free", "timer"])
      }
    }

    @Test(arguments: Setup.all)
    func itFiresInAPauseAndAfterTheEndOfTheInput(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send("p1")
        #expect(try client.receiveText(1) == "t")
        try expectAnswer(client)
        try client.finishSending()
        #expect(try client.receiveText(2) == "et")
        #expect(try client.receiveToEnd() == [])
      }
      #expect(handler.log.value == ["timer", "end", "timer", "closed"])
    }

    @Test(arguments: Setup.all)
    func anyThreadMaySetAndCancelIt(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        // Its thread waits for input from then on.
        try expectAnswer(client)
        let connection = try #require(handler.connections.value.first)
        connection.setTimer(after: .seconds(3600))
        connection.setTimer(after: .milliseconds(1))
        #expect(try client.receiveText(1) == "t")
        connection.setTimer(after: .seconds(3600))
        connection.cancelTimer()
        connection.setTimer(after: .milliseconds(1))
        #expect(try client.receiveText(1) == "t")
        try expectAnswer(client)
        #expect(handler.timerCount == 2)
      }
    }

    /// Neither a timer that waits nor one that fires again and again keeps a silent client.
    @Test(arguments: Setup.all)
    func itIsNoActivity(_ setup: Setup) async throws {
      struct Silent: EventHandler {
        let fires: Bool
        func opened(_ connection: Connection) { timerFired(on: connection) }
        func received(_ bytes: Bytes, on connection: Connection) {}
        func timerFired(on connection: Connection) {
          connection.setTimer(after: fires ? .milliseconds(1) : .seconds(3600))
        }
      }
      for fires in [true, false] {
        let configure: @Sendable (inout Configuration) -> Void = {
          $0.connection.idleTimeout = .milliseconds(50)
        }
        try await withServer(events: Silent(fires: fires), setup, configure: configure) {
          let client = try $0.connect()
          #expect(try client.receiveToEnd() == [])
          #expect($0.metrics.timedOut == 1)
        }
      }
    }

    /// The input that has arrived does not take the timer away.
    @Test(arguments: Setup.all)
    func itFiresAmongInput(_ setup: Setup) async throws {
      let handler = Script()
      try await withServer(events: handler, setup) { running in
        let client = try running.connect()
        try client.send("1")
        var text = ""
        while !text.contains("t") {
          try client.send("x")
          text = try client.receiveText(1)
        }
      }
      #expect(handler.log.value.first == "timer")
    }

    @Test(arguments: Setup.all)
    func aStateIsGivenToIt(_ setup: Setup) async throws {
      try await withServer({
        Server(events: Ticks(), model: setup.model, configuration: $0, log: $1)
      }) { running in
        let client = try running.connect()
        #expect(try client.receiveText(5) == "five\n")
        try client.send("x")
        #expect(try client.receiveText(2) == "5\n")
      }
    }

    /// The heartbeat of the guide.
    @Test(arguments: Setup.all)
    func aClientThatDoesNotAnswerIsClosed(_ setup: Setup) async throws {
      try await withServer({
        Server(events: Heartbeat(), model: setup.model, configuration: $0, log: $1)
      }) { running in
        let client = try running.connect()
        #expect(try client.receiveToEnd() == Array("PING\n".utf8))
      }
    }

    @Test func aHandlerOfOneLoopHasItToo() async throws {
      let log = Shared<[String]>([])
      try await withServer({
        Server(eventsPerLoop: { Ticking(log: log) }, configuration: $0, log: $1)
      }) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "t")
      }
      #expect(log.value == ["timer"])
    }

    /// One thread serves all connections: their timers fire in the order of their times.
    @Test(arguments: [Model.reactor, .threadPool(threads: 1)])
    func manyFireInOrder(_ model: Model) async throws {
      let count = 100
      let handler = Ordered(count: count)
      try await withServer({
        Server(events: handler, model: model, configuration: $0, log: $1)
      }) { running in
        let clients = try (0..<count).map { _ in try running.connect() }
        try handler.fired.wait("all timers fire") { $0.count >= count }
        _ = clients
      }
      #expect(handler.fired.value == (1...count).reversed())
    }
  }
}

/// Asks a silent client whether it is there.
private struct Heartbeat: StatefulEventHandler {
  private static let interval = Duration.milliseconds(20)

  func opened(_ connection: Connection) -> Bool {
    connection.setTimer(after: Self.interval)
    return false
  }

  func received(_ bytes: Bytes, on connection: Connection, _ isUnanswered: inout Bool) {
    isUnanswered = false
    connection.setTimer(after: Self.interval)
  }

  func timerFired(on connection: Connection, _ isUnanswered: inout Bool) {
    if isUnanswered { return connection.close() }
    isUnanswered = true
    try? connection.write("PING\n")
    connection.setTimer(after: Self.interval)
  }
}

private final class Ticking: EventHandler {
  private let log: Shared<[String]>

  init(log: Shared<[String]>) { self.log = log }

  func received(_ bytes: Bytes, on connection: Connection) { connection.setTimer(after: .zero) }

  func timerFired(on connection: Connection) {
    log.change { $0.append("timer") }
    try? connection.write("t")
  }
}

/// Once it has all its clients, sets the timers of the first ones last.
private struct Ordered: EventHandler {
  let count: Int
  let connections = Shared<[Connection]>([])
  let fired = Shared<[Int]>([])

  func opened(_ connection: Connection) {
    let all = connections.change { connections in
      connections.append(connection)
      return connections
    }
    guard all.count == count else { return }
    // The earliest first: a pause between two calls only moves the later one further away.
    for connection in all.sorted(by: { $0.id > $1.id }) {
      connection.setTimer(after: .milliseconds(5 * (count - connection.id + 1)))
    }
  }

  func received(_ bytes: Bytes, on connection: Connection) {}

  func timerFired(on connection: Connection) { fired.change { $0.append(connection.id) } }

  func closed(_ connection: Connection, error: ConnectionError?) {
    connections.change { $0.removeAll { $0 == connection } }
  }
}
