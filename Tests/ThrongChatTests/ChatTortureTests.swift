// A crowd that talks, moves between rooms and is cut off, in rounds: what is said in a round is heard by
// exactly the clients that are in the room in that round, once, in the order of each speaker.

import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatTorture {
    static let people = 40
    static let rooms = 5
    static let rounds = 5
    static let lines = 20

    @Test(arguments: Setup.all)
    func whatIsSaidIsHeardByExactlyTheRoomOnceAndInOrder(_ setup: Setup) async throws {
      let seed = UInt64.random(in: 1...UInt64.max)
      print("chat torture, \(setup.model): seed \(seed)")
      try await withServer(Chat.unhurried { $0.historyLines = 0 }, setup) { running in
        var generator = SeededGenerator(seed: seed)
        var crowd = try (0..<Self.people).map { try Talker($0, running) }
        for round in 0..<Self.rounds {
          for person in crowd.indices {
            if Int.random(in: 0..<10, using: &generator) == 0 {
              crowd[person].chat.client.reset()
              crowd[person] = try Talker(person + Self.people * (round + 1), running)
            }
            let room = Int.random(in: 0..<Self.rooms, using: &generator)
            try crowd[person].move(to: room)
          }
          let talkers = crowd
          try concurrently(Self.people) { person in
            try talkers[person].talk(round, among: talkers)
          }
        }
      }
    }
  }
}

/// One of the crowd.
private final class Talker: @unchecked Sendable {
  // Invariant behind @unchecked: one thread at a time uses it; `room` and `name` do not change while
  // the crowd talks.
  let name: String
  let chat: ChatClient
  private(set) var room: Int?

  init(_ number: Int, _ running: RunningServer) throws {
    name = "user\(number)"
    chat = try ChatClient(running, as: name)
  }

  func move(to room: Int) throws {
    guard self.room != room else { return }
    try chat.type("/join room\(room)")
    // From the line about the company on, it hears the room.
    try chat.hear("-- You are in the room room\(room).")
    try chat.hearCompany()
    self.room = room
  }

  /// Says its lines, and receives those of all others in the room.
  func talk(_ round: Int, among crowd: [Talker]) throws {
    var awaited = Set(crowd.filter { $0.room == room && $0 !== self }.map(\.name))
    var next: [String: Int] = [:]
    for line in 0..<ChatServerTests.ChatTorture.lines { try chat.type("\(round) \(line)") }
    while !awaited.isEmpty {
      let line = try chat.line()
      guard line.hasPrefix("<") else { continue }
      let words = line.dropFirst().split(separator: " ")
      let speaker = String(words[0].dropLast())
      try check(awaited.contains(speaker), "\(name) heard '\(line)' from another room")
      let expected = next[speaker, default: 0]
      try check(
        words[1] == "\(round)" && words[2] == "\(expected)",
        "\(name) heard '\(line)' instead of \(round) \(expected)")
      next[speaker] = expected + 1
      if expected + 1 == ChatServerTests.ChatTorture.lines { awaited.remove(speaker) }
    }
  }
}
