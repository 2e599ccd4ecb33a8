// The protocol (RESP2): a command is an array of byte strings, a reply one of five types.

import Throng

/// What a client asks for: a name and further words, which are parts of what was received.
struct Command: ~Copyable {
  enum Name: String, CaseIterable {
    case get, set, del, incr, ping, echo, publish, subscribe, unsubscribe, quit, config, command
  }

  /// nil: not one that this server knows.
  private(set) var name: Name?
  private let bytes: Bytes
  /// Where the words are: the first few without an allocation.
  private var first = InlineArray<4, Range<Int>>(repeating: 0..<0)
  private var more: [Range<Int>] = []
  private(set) var count = 0

  static let longest = 64 << 20

  subscript(index: Int) -> Bytes { bytes[index < 4 ? first[index] : more[index - 4]] }

  /// All words but the name.
  var arguments: [Bytes] { (1..<max(1, count)).map { self[$0] } }

  private init(of bytes: Bytes) { self.bytes = bytes }

  private mutating func append(_ word: Range<Int>) {
    if count < 4 { first[count] = word } else { more.append(word) }
    count += 1
    if count == 1 {
      let word = self[0]
      name = Name.allCases.first { word.isEqualIgnoringASCIICase(to: $0.rawValue) }
    }
  }

  /// The command that the bytes begin with; nil when it is not complete.
  /// - Parameter position: 0 before, the position after the command afterwards.
  static func parse(_ bytes: Bytes, _ position: inout Int) throws -> Command? {
    guard bytes[0] == UInt8(ascii: "*") else { return parseInline(bytes, &position) }
    guard let count = try number(after: "*", in: bytes, &position) else { return nil }
    guard (1...1024).contains(count) else {
      throw InputError(.malformed("not a number of words: \(count)"))
    }
    var command = Command(of: bytes)
    for _ in 0..<count {
      guard let length = try number(after: "$", in: bytes, &position),
        position + length + 2 <= bytes.count
      else { return nil }
      command.append(position..<position + length)
      position += length + 2
    }
    return command
  }

  /// Words in a line, for people.
  private static func parseInline(_ bytes: Bytes, _ position: inout Int) -> Command? {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    var command = Command(of: bytes)
    let words = bytes[..<end].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
    for word in words { command.append(word.startIndex..<word.endIndex) }
    position = end + 1
    return command
  }

  /// A number in a line of its own, and the position after it; nil when it is not complete.
  private static func number(
    after marker: Unicode.Scalar, in bytes: Bytes, _ position: inout Int
  ) throws -> Int? {
    guard position < bytes.count else { return nil }
    guard bytes[position] == UInt8(ascii: marker) else {
      throw InputError(.malformed("a word without its length"))
    }
    var value = 0
    for index in position + 1..<bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\r") {
        // Its line feed may come later, but before what is counted.
        position = index + 2
        return value
      }
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), value <= longest else {
        throw InputError(.malformed("not a length of at most \(longest) bytes"))
      }
      value = 10 * value + Int(byte - UInt8(ascii: "0"))
    }
    return nil
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
  static func bulk(_ bytes: Bytes) -> Bytes {
    var reply = ByteWriter(capacity: bytes.count + 32)
    reply.write("$")
    reply.write(decimal: bytes.count)
    reply.write("\r\n")
    reply.write(bytes)
    reply.write("\r\n")
    return reply.bytes
  }

  /// What a subscriber gets: the kind, the channel, and a payload that is a reply of its own.
  static func push(_ kind: Bytes, _ channel: Bytes, _ payload: Bytes) -> Bytes {
    "*3\r\n\(bulk(kind))\(bulk(channel))\(payload)"
  }
}
