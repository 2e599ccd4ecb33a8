// The protocol (RESP2): a command is an array of byte strings, a reply one of five types.

import Throng

/// What a client asks for: its words, the first of which is the command's name.
struct Command {
  let words: [Bytes]

  var name: Bytes { words[0] }
  func isNamed(_ name: String) -> Bool { self.name.isEqualIgnoringASCIICase(to: name) }
  func isNamed(_ name: String, words count: Int) -> Bool { words.count == count && isNamed(name) }
  subscript(index: Int) -> Bytes { words[index] }
}

extension Reader {
  /// The next command; nil at the end of the input.
  nonisolated(nonsending) func command() async throws -> Command? {
    while let line = try await line() {
      guard line.first == UInt8(ascii: "*") else {
        // An inline command: words in a line, for people.
        let words = line.split(separator: UInt8(ascii: " ")).map(\.bytes)
        if words.isEmpty { continue }
        return Command(words: words)
      }
      guard let count = line.dropFirst().integer(), (1...1024).contains(count) else {
        throw InputError(.malformed("not a number of words: \(line)"), offset: offset)
      }
      var words: [Bytes] = []
      words.reserveCapacity(count)
      for _ in 0..<count { words.append(try await word()) }
      return Command(words: words)
    }
    return nil
  }

  private nonisolated(nonsending) func word() async throws -> Bytes {
    guard let line = try await line(), line.first == UInt8(ascii: "$"),
      let length = line.dropFirst().integer()
    else { throw InputError(.malformed("a word without its length"), offset: offset) }
    let word = try await exactly(length)
    try await skip(2)
    return word
  }
}

/// What a command is answered with.
enum Reply {
  static let ok: Bytes = "+OK\r\n"
  static let pong: Bytes = "+PONG\r\n"
  static let null: Bytes = "$-1\r\n"
  static let emptyArray: Bytes = "*0\r\n"

  static func integer(_ number: Int) -> Bytes { ":\(number)\r\n" }
  static func error(_ text: String) -> Bytes { "-ERR \(text)\r\n" }
  static func bulk(_ bytes: Bytes) -> Bytes { "$\(bytes.count)\r\n\(bytes)\r\n" }

  /// What a subscriber gets: the kind, the channel, and a payload that is a reply of its own.
  static func push(_ kind: Bytes, _ channel: Bytes, _ payload: Bytes) -> Bytes {
    "*3\r\n\(bulk(kind))\(bulk(channel))\(payload)"
  }
}
