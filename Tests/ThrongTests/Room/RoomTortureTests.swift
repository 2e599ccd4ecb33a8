// 200 clients in 20 rooms, 25,000 messages, while clients join, leave, are reset and do not read: every
// message reaches exactly the members that it should, in order, once.

import LinuxSystem
import Synchronization
import TestSupport
import Testing
import Throng

extension AllTests {
  @Suite struct RoomTorture {
    @Test(arguments: Setup.all)
    func everyMessageReachesExactlyTheMembersOnceAndInOrder(_ setup: Setup) async throws {
      let seed = UInt64.random(in: 1...UInt64.max)
      print("room torture, \(setup.model): seed \(seed)")
      let ledger = RoomLedger(clients: 200, rooms: 20)
      try await withServer(
        RoomScriptHandler(ledger), setup,
        configure: {
          $0.connection.slowReaders.outboxLimit = 1024 * 1024
          $0.connection.sendBufferSize = 4096
        },
        { running in
          let received = Shared([[UInt64]](repeating: [], count: ledger.clientCount))
          try concurrently(ledger.clientCount) { index in
            let client = RoomScriptClient(index, seed: seed, ledger)
            let ids = try client.play(running)
            received.change { $0[index] = ids }
          }
          try ledger.waitUntilAllHaveEnded()
          for room in ledger.rooms { #expect(room.count == 0) }
          let verdict = ledger.closed()
          for (index, ids) in received.value.enumerated() {
            try verdict.check(ids, of: index, wasComplete: !ledger.isUnfinished(index))
          }
          let dropped = (0..<ledger.clientCount).filter { ledger.role($0) == .slow }.count
          #expect(ledger.droppedClients == dropped)
        })
    }
  }
}

/// What the handler of one client does when the client says so.
private struct RoomScriptHandler: Handler {
  let ledger: RoomLedger
  init(_ ledger: RoomLedger) { self.ledger = ledger }

  func handle(_ connection: Connection) async throws {
    var script = RoomScript(connection, ledger)
    defer { script.end() }
    do {
      for try await line in connection.lines() {
        if !script.perform(line.text) { break }
      }
    } catch ConnectionError.tooSlow {
      // By this side: it was dropped, see `SlowReaderPolicy`.
      ledger.noteDropped()
    }
  }
}

private struct RoomScript {
  let connection: Connection
  let ledger: RoomLedger
  private var index = 0
  private var isDone = false
  private var sent: [RoomLedger.Message] = []
  private var stays: [RoomLedger.Stay] = []
  private var present: [Int: RoomLedger.Stay] = [:]

  init(_ connection: Connection, _ ledger: RoomLedger) {
    self.connection = connection
    self.ledger = ledger
  }

  /// - Returns: false at the end.
  mutating func perform(_ line: String) -> Bool {
    let words = line.split(separator: " ")
    let number = words.count > 1 ? Int(words[1]) ?? 0 : 0
    switch words[0] {
    case "I": index = number
    case "J": join(number)
    case "L": leave(number)
    case "M": broadcast(in: number)
    case "R": ledger.noteReady()
    case "D": endSending()
    default: return false
    }
    return true
  }

  private mutating func endSending() {
    if !isDone { ledger.noteDone() }
    isDone = true
  }

  mutating func end() {
    endSending()
    for room in present.keys { leave(room) }
    ledger.note(sent, stays, of: index)
  }

  private mutating func join(_ room: Int) {
    guard present[room] == nil else { return }
    let start = ledger.tick()
    ledger.rooms[room].join(connection)
    present[room] = RoomLedger.Stay(room: room, joinStart: start, joinDone: ledger.tick())
  }

  private mutating func leave(_ room: Int) {
    guard var stay = present.removeValue(forKey: room) else { return }
    stay.leaveStart = ledger.tick()
    ledger.rooms[room].leave(connection)
    stay.leaveDone = ledger.tick()
    stays.append(stay)
  }

  private mutating func broadcast(in room: Int) {
    let id = RoomLedger.id(room: room, sender: index, number: sent.count)
    let start = ledger.tick()
    ledger.rooms[room].broadcast(RoomLedger.record(id), except: connection)
    sent.append(RoomLedger.Message(id: id, start: start, done: ledger.tick()))
  }
}
