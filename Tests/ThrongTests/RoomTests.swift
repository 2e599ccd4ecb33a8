// What one member of a room says, all others hear: once, in order, and whatever the slow ones do.

import LinuxSystem
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct Rooms {
    /// Every line of a member goes to the others; `!` before it makes the room remember it.
    private struct Chat: Handler {
      let room: Room
      func handle(_ connection: Connection) async throws {
        room.join(connection)
        defer { room.leave(connection) }
        try await connection.send("welcome\n")
        for try await line in connection.lines(maximumLength: 100_000) {
          if line == "leave" { break }
          room.broadcast(
            Bytes(line.text + "\n"), except: connection,
            remembering: line.first == UInt8(ascii: "!"))
        }
      }
    }

    private func welcomed(_ running: RunningServer) throws -> TestClient {
      let client = try running.connect()
      #expect(try client.receiveText(8) == "welcome\n")
      return client
    }

    @Test(arguments: Setup.all)
    func everybodyElseHearsWhatAMemberSays(_ setup: Setup) async throws {
      let room = Room()
      try await withServer(Chat(room: room), setup) { running in
        let members = try (0..<5).map { _ in try welcomed(running) }
        for (index, member) in members.enumerated() { try member.send("from \(index)\n") }
        for (index, member) in members.enumerated() {
          let lines = try member.receiveText(4 * 7).split(separator: "\n").map(String.init)
          #expect(lines.sorted() == (0..<5).filter { $0 != index }.map { "from \($0)" })
        }
        #expect(room.counters.messages == 5)
        try eventually("all deliveries are counted") { room.counters.deliveries == 20 }
        try members[0].send("leave\n")
        _ = try members[0].receiveToEnd()
        try eventually("it has left") { room.count == 4 }
        try members[1].send("again\n")
        for member in members[2...] { #expect(try member.receiveText(6) == "again\n") }
      }
      #expect(room.count == 0)
    }

    /// Writing takes the connection's lock and may resume tasks, and either may wait for another thread
    /// that is about to use the room.
    @Test func aNewcomerGetsTheHistoryWithoutTheRoomsLock() async throws {
      let room = Room(historyLimit: 2)
      let newcomer = Shared<Connection?>(nil)
      let handler = Serve { connection in
        newcomer.change { $0 = connection }
        for try await _ in connection.inbound {}
      }
      try await withServer(handler, Setup(model: .threadPerClient)) { running in
        let client = try running.connect()
        try eventually("it is there") { newcomer.value != nil }
        let connection = try #require(newcomer.value as? BlockingConnection)
        room.broadcast(Bytes("1"), remembering: true)
        room.broadcast(Bytes("2"), remembering: true)
        let isUsable = Shared(false)
        try connection.state.withLock { _ in
          Result {
            TestThread.start { room.join(connection) }
            TestThread.start {
              try? eventually("it has begun to join", within: .seconds(20)) { room.count == 1 }
              room.broadcast(Bytes("3"))
              isUsable.change { $0 = true }
            }
            try eventually("the room can be used meanwhile") { isUsable.value }
          }
        }.get()
        #expect(try client.receiveText(3) == "123")
        room.leave(connection)
        #expect(room.count == 0)
        newcomer.change { $0 = nil }
      }
    }

    /// A newcomer sees each numbered line in the history or live, never both, never neither.
    @Test(arguments: Setup.all)
    func aNewcomerMissesNothingAfterTheHistory(_ setup: Setup) async throws {
      let room = Room(historyLimit: 10)
      try await withServer(Chat(room: room), setup) { running in
        let speaker = try welcomed(running)
        let lines = 2000
        let speaking = try Thread(stackSize: 1 << 18) {
          for number in 0..<lines { try? speaker.send("! \(number)\n") }
        }
        var listeners: [TestClient] = []
        for _ in 0..<20 { listeners.append(try running.connect()) }
        speaking.join()
        // A stop would reset who is not accepted yet.
        try eventually("all have joined") { room.count == 21 }
        // A message is counted before it is delivered; the speaker's end comes after both.
        try speaker.finishSending()
        _ = try speaker.receiveToEnd()
        #expect(room.counters.messages == lines)
        running.server.stop()
        for listener in listeners {
          let text = String(decoding: try listener.receiveToEnd(), as: UTF8.self)
          let numbers = text.split(separator: "\n").filter { $0 != "welcome" }.map {
            Int($0.dropFirst(2)) ?? -1
          }
          #expect(numbers.last == lines - 1)
          #expect(numbers == Array((numbers.first ?? -1)..<lines))
        }
      }
    }

    /// Under one reactor there is one order of what several speakers say, and each member sees that.
    @Test
    func underOneReactorEverybodyHearsTheSameOrder() async throws {
      let room = Room()
      try await withServer(Chat(room: room), Setup(model: .reactor)) { running in
        let listeners = try (0..<5).map { _ in try welcomed(running) }
        let speakers = try (0..<4).map { _ in try welcomed(running) }
        try concurrently(4) { speaker in
          for number in 0..<300 { try speakers[speaker].send("\(speaker) \(number)\n") }
        }
        try eventually("all was said") { room.counters.messages == 4 * 300 }
        running.server.stop()
        let heard = try listeners.map { try $0.receiveToEnd() }
        #expect(heard[0].count { $0 == UInt8(ascii: "\n") } == 4 * 300)
        for other in heard { #expect(other == heard[0]) }
      }
    }

    /// Ten lines in one segment reach each member with one system call.
    @Test
    func whatIsSaidInOneTurnIsSentTogether() async throws {
      let room = Room()
      try await withServer(Chat(room: room), Setup(model: .reactor)) { running in
        let members = try (0..<5).map { _ in try welcomed(running) }
        let speaker = try welcomed(running)
        // A send is counted once the kernel has it, which a client may see first.
        try eventually("the welcomes are counted") { running.metrics.sends == members.count + 1 }
        let before = running.metrics.sends
        try speaker.send((0..<10).map { "line \($0)\n" }.joined())
        for member in members {
          #expect(try member.receiveText(70) == (0..<10).map { "line \($0)\n" }.joined())
        }
        try eventually("all are counted") { running.metrics.sends - before >= members.count }
        #expect(running.metrics.sends - before == members.count)
      }
    }

    /// Counts what was sent by the time that `broadcast` returns.
    private struct Impatient: Handler {
      let room: Room
      let sentAtOnce = Shared<[Int]>([])
      func handle(_ connection: Connection) async throws {
        room.join(connection)
        defer { room.leave(connection) }
        try await connection.send("welcome\n")
        let sends = connection.context.counters.traffic
        for try await line in connection.lines() {
          let before = sends.sends
          room.broadcast(Bytes(line.text + "\n"), except: connection)
          let count = sends.sends - before
          sentAtOnce.change { $0.append(count) }
        }
      }
    }

    /// A broadcast that nothing ever joins need not wait for the end of the turn, until something does.
    @Test
    func aLonelyBroadcastIsSentAtOnce() async throws {
      let handler = Impatient(room: Room())
      try await withServer(handler, Setup(model: .reactor)) { running in
        let members = try (0..<20).map { _ in try welcomed(running) }
        let speaker = try welcomed(running)
        // The fourth, but for counting: a send is counted once the kernel has it, which a client may
        // see first.
        try eventually("a broadcast is sent at once") {
          try speaker.send("line\n")
          for member in members { #expect(try member.receiveText(5) == "line\n") }
          return handler.sentAtOnce.value.last == members.count
        }
        #expect(handler.sentAtOnce.value.prefix(3) == [0, 0, 0])
        try speaker.send("a\nb\nc\n")
        for member in members { #expect(try member.receiveText(6) == "a\nb\nc\n") }
        #expect(handler.sentAtOnce.value.suffix(2) == [0, 0])
        #expect(handler.sentAtOnce.value.allSatisfy { [0, members.count].contains($0) })
      }
    }

    /// Several messages at once are as many in the history and in the counters.
    @Test(arguments: Setup.all)
    func messagesThatAreToldAtOnceStayMessages(_ setup: Setup) async throws {
      let room = Room(historyLimit: 3)
      try await withServer(Chat(room: room), setup) { running in
        let early = try welcomed(running)
        room.broadcast(["a\n", "b\n", "c\n", "d\n"], remembering: true)
        room.broadcast([Bytes]())
        #expect(try early.receiveText(8) == "a\nb\nc\nd\n")
        let late = try running.connect()
        #expect(try late.receiveText(6) == "b\nc\nd\n")
        #expect(room.counters == Room.Counters(messages: 4, deliveries: 4, missed: 0))
      }
    }

    /// Floods the room while three members do not read and a good one gets everything.
    /// Each member is told how many others it has reached, and is greeted before it hears anything.
    @Test(arguments: Setup.all)
    func aBroadcastSaysHowManyItReached(_ setup: Setup) async throws {
      let room = Room(historyLimit: 5)
      let handler = Serve { connection in
        room.join(connection, greeting: "hi\n")
        defer { room.leave(connection) }
        for try await line in connection.lines() {
          let reached = room.broadcast("\(line)\n", except: connection, remembering: true)
          try await connection.send("\(reached)\n")
        }
      }
      try await withServer(handler, setup) { running in
        let first = try running.connect()
        #expect(try first.receiveText(3) == "hi\n")
        try first.send("a\n")
        #expect(try first.receiveText(2) == "0\n")
        let second = try running.connect()
        #expect(try second.receiveText(5) == "hi\na\n")
        try first.send("b\n")
        #expect(try first.receiveText(2) == "1\n")
        #expect(try second.receiveText(2) == "b\n")
      }
    }

    private func flood(
      _ setup: Setup, _ room: Room, lines: Int, _ check: @Sendable (RunningServer) throws -> Void
    ) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
      }
      try await withServer(Chat(room: room), setup, configure: configure) { running in
        let lazy = try (0..<3).map { _ in try running.connect(receiveBuffer: 16384) }
        let good = try welcomed(running)
        let speaker = try welcomed(running)
        try eventually("all have joined") { room.count == 5 }
        let line = String(repeating: "x", count: 4000)
        for number in 0..<lines {
          try speaker.send("\(number) \(line)\n")
          // In step, so that the good one is never slow.
          let heard = try good.receiveText("\(number) \(line)\n".utf8.count)
          #expect(heard.hasPrefix("\(number) "))
        }
        try check(running)
        for client in lazy { client.reset() }
      }
    }

    @Test(arguments: Setup.all)
    func aMemberThatDoesNotReadIsDroppedAtTheLimit(_ setup: Setup) async throws {
      let room = Room(policy: SlowReaderPolicy(outboxLimit: 50_000))
      try await flood(setup, room, lines: 400) { running in
        #expect(running.metrics.droppedClients == 3)
        #expect(running.metrics.outboxHighMark <= 50_000)
        try eventually("they are members no longer") { room.count == 2 }
        #expect(room.counters.missed == 0)
      }
    }

    @Test(arguments: Setup.all)
    func aMemberThatDoesNotReadMissesMessages(_ setup: Setup) async throws {
      let policy = SlowReaderPolicy(outboxLimit: 50_000, overflow: .dropMessage)
      let room = Room(policy: policy)
      try await flood(setup, room, lines: 400) { running in
        #expect(running.metrics.droppedClients == 0)
        #expect(room.count == 5)
        // A broadcast is counted when it is over, which a client may see first.
        try eventually("all is counted") {
          room.counters.missed + room.counters.deliveries == 400 * 4
        }
        #expect(room.counters.missed > 0)
        #expect(room.counters.missed == running.metrics.droppedMessages)
      }
    }

    /// Above the soft limit nothing happens until the grace period is over; then the client is dropped.
    @Test(arguments: Setup.all)
    func aMemberIsDroppedAfterItsGracePeriod(_ setup: Setup) async throws {
      let patient = SlowReaderPolicy(softLimit: 20_000, gracePeriod: .seconds(3600))
      let room = Room(policy: patient)
      try await flood(setup, room, lines: 200) { running in
        #expect(running.metrics.droppedClients == 0)
        #expect(running.metrics.outboxHighMark > 20_000)
        #expect(room.count == 5)
      }
      let strict = Room(
        policy: SlowReaderPolicy(softLimit: 20_000, gracePeriod: .milliseconds(1)))
      try await flood(setup, strict, lines: 200) { running in
        #expect(running.metrics.droppedClients == 3)
        #expect(running.metrics.outboxHighMark < 1 << 20)
      }
    }

    /// Who was reset is no member any more, even when its handler does not leave.
    @Test(arguments: Setup.all)
    func aLostMemberIsForgotten(_ setup: Setup) async throws {
      let room = Room()
      let handler = Serve { connection in
        room.join(connection)
        room.join(connection)
        // Throws when the client resets.
        for try await line in connection.lines() { room.broadcast(line) }
        room.leave(connection)
      }
      try await withServer(handler, setup) { running in
        let speaker = try running.connect()
        let lost = try running.connect()
        try eventually("both have joined") { room.count == 2 }
        lost.reset()
        try eventually("one has gone") { running.metrics.open == 1 }
        try speaker.send("hello\n")
        #expect(try speaker.receiveText(5) == "hello")
        try eventually("one is forgotten") { room.count == 1 }
      }
    }

    /// From threads that belong to no server, and to connections of all loops.
    @Test(arguments: Setup.all)
    func anyThreadMayBroadcast(_ setup: Setup) async throws {
      let room = Room()
      try await withServer(Chat(room: room), setup) { running in
        let members = try (0..<8).map { _ in try welcomed(running) }
        let ended = Shared(0)
        for thread in 0..<4 {
          TestThread.start {
            for number in 0..<500 { room.broadcast(Bytes("\(thread) \(number)\n")) }
            ended.change { $0 += 1 }
          }
        }
        try eventually("all was said") { ended.value == 4 }
        running.server.stop()
        for member in members {
          let text = String(decoding: try member.receiveToEnd(), as: UTF8.self)
          let lines = text.split(separator: "\n")
          for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }
            #expect(own == (0..<500).map { Substring("\(thread) \($0)") })
          }
          #expect(lines.count == 2000)
        }
      }
    }
  }
}
