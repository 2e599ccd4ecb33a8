// Whatever a client sends, cut anywhere: the server answers it within the deadline, and the others see
// clean lines only.

import LinuxSystem
import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatFuzz {
    static let clients = 30
    static let pieces = 60

    @Test(arguments: Setup.all)
    func anyInputIsAnsweredAndNoneReachesOthersAsItCame(_ setup: Setup) async throws {
      let seed = UInt64.random(in: 1...UInt64.max)
      print("chat fuzz, \(setup.model): seed \(seed)")
      try await withServer(Chat.unhurried { $0.rooms = 10 }, setup) { running in
        let witness = try ChatClient(running, as: "witness")
        let friend = try ChatClient(running, as: "friend")
        try concurrently(Self.clients + 1) { index in
          if index == Self.clients { return try ChatFuzz.watch(witness) }
          defer { if index == 0 { try? friend.type("the end") } }
          var fuzzer = ChatFuzzer(seed: seed &+ UInt64(index))
          for _ in 0..<5 { try fuzzer.attack(running, "seed \(seed), client \(index)") }
        }
        try friend.settle()
        try witness.type("still here")
        try friend.hear("<witness> still here")
      }
    }

    /// Reads what all clients say until the friend ends it.
    private static func watch(_ witness: ChatClient) throws {
      while true {
        let line = try witness.line()
        if line == "<friend> the end" { return }
        let isClean = line.unicodeScalars.allSatisfy {
          $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) && $0.value != 0x202e
            && $0.value != 0x200b
        }
        let isOfAKind = ["<", "* ", "-- ", "["].contains { line.hasPrefix($0) }
        try check(isClean && isOfAKind, "the witness saw '\(line)'")
      }
    }
  }
}

/// Makes input that is odd in many ways, the same for the same seed.
private struct ChatFuzzer {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// One connection: garbage, and then a question that must be answered.
  mutating func attack(_ running: RunningServer, _ context: String) throws {
    let client = try running.connect()
    if Bool.random(using: &generator) {
      try client.send("fuzz\(UInt32.random(in: 0...UInt32.max, using: &generator))\n")
    }
    var garbage = (0..<ChatServerTests.ChatFuzz.pieces).flatMap { _ in piece() }
    while !garbage.isEmpty {
      let count = min(garbage.count, Int.random(in: 1...400, using: &generator))
      // It may have said /quit by chance.
      guard (try? client.send(garbage[..<count])) != nil else { return }
      garbage.removeFirst(count)
      while client.hasInput {
        guard let answer = try client.receiveUnlessReset(), !answer.isEmpty else { return }
      }
    }
    if Int.random(in: 0..<4, using: &generator) == 0 { return client.reset() }
    // Ends a negotiation, a line and whatever else may be unfinished.
    let end = [UInt8](repeating: 0x20, count: 600) + Array("\n/help\n".utf8)
    guard (try? client.send(end)) != nil else { return }
    var answer: [UInt8] = []
    while true {
      guard let more = try? client.receiveUnlessReset() else {
        throw TestFailure(
          "\(context): no answer after '\(String(decoding: answer.suffix(300), as: UTF8.self))'")
      }
      answer += more
      if more.isEmpty || Self.hasHelp(answer.suffix(more.count + 20)) { return }
    }
  }

  private static func hasHelp(_ answer: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: answer, as: UTF8.self)
    return text.contains("// instead.\n") || text.contains("/quit leaves.\n")
  }

  private mutating func piece() -> [UInt8] {
    switch Int.random(in: 0..<9, using: &generator) {
    case 0: return bytes(0...255, upTo: 50)
    case 1: return [255] + bytes(240...255, upTo: 6) + bytes(0...20, upTo: 3)
    case 2: return [255, 250] + bytes(0...255, upTo: 30) + [255, 240]
    case 3: return bytes(0x61...0x7a, upTo: 3000)
    case 4: return Array("\u{1b}[\(Int.random(in: 0...99, using: &generator))m".utf8)
    case 5: return Array("\u{202e}\u{200b}\u{2028}\u{feff}\u{9b}2J\u{8}\u{7f}".utf8)
    case 6: return [0xf0, 0x9f] + bytes(0x80...0xbf, upTo: 2) + [0xc0, 0xed, 0xa0, 0x80]
    case 7: return command()
    default: return bytes(0...31, upTo: 5)
    }
  }

  private mutating func command() -> [UInt8] {
    let names = ["nick", "join", "rooms", "who", "msg", "me", "help", "", "/", "dance"]
    let name = names.randomElement(using: &generator) ?? ""
    return Array("\n/\(name) ".utf8) + bytes(0x20...0x7e, upTo: 30) + [0x0a]
  }

  private mutating func bytes(_ range: ClosedRange<UInt8>, upTo limit: Int) -> [UInt8] {
    (0..<Int.random(in: 0...limit, using: &generator)).map { _ in
      UInt8.random(in: range, using: &generator)
    }
  }
}
