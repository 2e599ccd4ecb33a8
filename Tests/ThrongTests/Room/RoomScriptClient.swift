// A client of the torture: sends its seeded script in pieces, reads meanwhile what comes, or does not.

import Glibc
import TestSupport
import Throng

struct RoomScriptClient {
  private let index: Int
  private let ledger: RoomLedger
  private let script: [String]
  private var generator: SeededGenerator
  /// Where a client that is reset breaks off.
  private let breakAt: Int

  static let messagesEach = 125

  /// How many lines come before the others are awaited.
  private let readiness: Int

  init(_ index: Int, seed: UInt64, _ ledger: RoomLedger) {
    self.index = index
    self.ledger = ledger
    generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9e37_79b9)
    script = Self.script(index, ledger, &generator)
    readiness = 1 + (script.firstIndex(of: "R") ?? 0)
    breakAt = Int.random(in: readiness..<script.count, using: &generator)
  }

  /// Most of what a client says is for rooms where it is. Who does not read is in many, so that there
  /// is no doubt that its outbox limit is passed.
  private static func script(
    _ index: Int, _ ledger: RoomLedger, _ generator: inout SeededGenerator
  ) -> [String] {
    let rooms = 0..<ledger.rooms.count
    let isSlow = ledger.role(index) == .slow
    var present = (0..<(isSlow ? 14 : 1)).map { (index + $0) % rooms.count }
    var lines = ["I \(index)"] + present.map { "J \($0)" } + ["R"]
    var messages = 0
    while messages < messagesEach {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<3 where present.count < 2:
        let room = Int.random(in: rooms, using: &generator)
        if !present.contains(room) { present.append(room) }
        lines.append("J \(room)")
      case 3..<6 where !isSlow && !present.isEmpty:
        let place = Int.random(in: present.indices, using: &generator)
        lines.append("L \(present.remove(at: place))")
      case 6..<10:
        lines.append("M \(Int.random(in: rooms, using: &generator))")
        messages += 1
      default:
        guard let room = present.randomElement(using: &generator) else { continue }
        lines.append("M \(room)")
        messages += 1
      }
    }
    return lines + ["D"]
  }

  /// - Returns: the ids of what was received.
  func play(_ running: RunningServer) throws -> [UInt64] {
    let isSlow = ledger.role(index) == .slow
    let client = try running.connect(
      timeout: .seconds(60), receiveBuffer: isSlow ? 4096 : nil)
    var generator = generator
    var inbox = Inbox()
    var position = readiness
    try client.send(script[..<position].map { $0 + "\n" }.joined())
    try ledger.waitUntilReady()
    let end = ledger.role(index) == .reset ? breakAt : script.count
    while position < end {
      let next = min(position + Int.random(in: 1...8, using: &generator), end)
      let text = script[position..<next].map { $0 + "\n" }.joined()
      // Who does not read may be dropped before it has said everything.
      guard isSlow ? (try? client.send(text)) != nil : try sent(text, client) else { break }
      position = next
      if !isSlow { while client.hasInput { try inbox.receive(from: client) } }
    }
    if ledger.role(index) == .reset {
      client.reset()
      return inbox.ids
    }
    return try finish(client, &inbox)
  }

  private func sent(_ text: String, _ client: TestClient) throws -> Bool {
    try client.send(text)
    return true
  }

  /// Reads on until no client sends any more, and then to the end.
  private func finish(
    _ client: TestClient, _ inbox: inout Inbox
  ) throws -> [UInt64] {
    let isSlow = ledger.role(index) == .slow
    while true {
      var entries = [ledger.quiet, isSlow ? -1 : client.descriptor].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      try check(poll(&entries, 2, 180_000) > 0, "not all messages are sent")
      if entries[1].revents != 0 { try inbox.receive(from: client) }
      if entries[0].revents != 0 { break }
    }
    _ = try? client.send("E\n")
    while try isSlow ? inbox.receiveUnlessReset(from: client) : inbox.receive(from: client) {}
    return inbox.ids
  }
}

/// What one client has received.
private struct Inbox {
  private(set) var ids: [UInt64] = []
  private var bytes: [UInt8] = []

  /// - Returns: false at the server's FIN.
  @discardableResult
  mutating func receive(from client: TestClient) throws -> Bool {
    let more = try client.receive()
    bytes += more
    ids += try RoomLedger.takeIDs(&bytes)
    if more.isEmpty { try check(bytes.isEmpty, "the last record is cut") }
    return !more.isEmpty
  }

  /// - Returns: false at the server's FIN or reset, which may cut a record.
  mutating func receiveUnlessReset(from client: TestClient) throws -> Bool {
    guard let more = try client.receiveUnlessReset(), !more.isEmpty else { return false }
    bytes += more
    ids += try RoomLedger.takeIDs(&bytes)
    return true
  }
}
