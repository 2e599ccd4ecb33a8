// Answers PING of the Redis protocol with one thread per client, and changes a dictionary that all clients share for
// each, under a lock: `Locks PORT locked` or `Locks PORT mutex`.

import Synchronization
import Throng

/// What is done under the lock.
private typealias Counts = [Int: Int]

private func note(_ counts: inout Counts, _ number: Int) {
  counts[number & 1023, default: 0] += 1
}

private struct Pong: Handler {
  let note: @Sendable (Int) -> Void

  func handle(_ connection: Connection) async throws {
    let input = connection.reader()
    var number = connection.id
    while let count = try await input.line()?.dropFirst().integer() {
      // Lengths and words, in lines of their own; the last one is the text.
      var text = Bytes()
      for _ in 0..<2 * count { text = try await input.line() ?? "" }
      number += 1
      note(number)
      try await connection.send("$\(text.count)\r\n\(text)\r\n" as Bytes)
    }
  }
}

@main
enum Program {
  static func main() {
    let words = CommandLine.arguments
    guard words.count == 3, let port = Int(words[1]), ["locked", "mutex"].contains(words[2]) else {
      return print("usage: Locks PORT locked|mutex")
    }
    let handler: Pong
    if words[2] == "locked" {
      let counts = Locked(Counts())
      handler = Pong { number in counts.withLock { Locks.note(&$0, number) } }
    } else {
      let counts = SharedMutex()
      handler = Pong { number in counts.value.withLock { Locks.note(&$0, number) } }
    }
    let configuration = Configuration(host: "127.0.0.1", port: port)
    Server(handler, model: .threadPerClient, configuration: configuration).runOrExit()
  }
}

private final class SharedMutex: Sendable {
  let value = Mutex(Counts())
}
