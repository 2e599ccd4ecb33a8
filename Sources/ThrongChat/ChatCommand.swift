// Parses a line into a command. Pure.

/// A line of a client that has a nickname.
enum ChatCommand: Equatable {
  case nothing
  case say(String)
  case act(String)
  case nick(String)
  case join(String)
  case rooms
  /// Nil: the client's own room.
  case who(String?)
  case message(to: String, String)
  case help
  case quit(String)
  /// A command without what it needs.
  case incomplete(Description)
  case unknown(String)

  /// What `/help` says about a command.
  struct Description: Equatable, Sendable {
    let name: String
    let arguments: String
    let purpose: String

    var usage: String { arguments.isEmpty ? "/\(name)" : "/\(name) \(arguments)" }
  }

  static let descriptions = [
    Description(name: "nick", arguments: "NAME", purpose: "changes your nickname"),
    Description(name: "join", arguments: "ROOM", purpose: "goes to a room, or makes it"),
    Description(name: "rooms", arguments: "", purpose: "lists the rooms"),
    Description(
      name: "who", arguments: "[ROOM]", purpose: "lists the members of your room, or another"),
    Description(name: "msg", arguments: "NICK TEXT", purpose: "sends a private message"),
    Description(name: "me", arguments: "TEXT", purpose: "sends an action: * ada waves"),
    Description(name: "quit", arguments: "[TEXT]", purpose: "leaves, after a last line"),
    Description(name: "help", arguments: "", purpose: "shows this list"),
  ]

  init(_ line: String) {
    // A blank before a command is taken for a typing error: the line must not be sent to all.
    let text = line.drop { $0.unicodeScalars.allSatisfy(TextSanitizer.isBlank) }
    guard !text.isEmpty else {
      self = .nothing
      return
    }
    guard text.hasPrefix("/") else {
      self = .say(line)
      return
    }
    if text.hasPrefix("//") {
      self = .say(String(text.dropFirst()))
      return
    }
    let (name, rest) = Self.firstWord(text.dropFirst())
    self = Self.command(name.lowercased(), rest) ?? .unknown(String(name))
  }

  /// Whether a line is `/quit`, by its first bytes alone: for lines that are not to be parsed.
  static func isQuit(_ line: UnsafeRawBufferPointer) -> Bool {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let start = line.prefix(longestIndent).prefix(while: isBlank).count
    let name = line[start...].prefix(quitCommand.count)
    guard name.first == quitCommand[0],
      name.dropFirst().elementsEqual(quitCommand.dropFirst(), by: { $0 | 0x20 == $1 })
    else { return false }
    let end = start + quitCommand.count
    return end == line.count || isBlank(line[end])
  }

  private static let quitCommand = Array("/quit".utf8)
  private static let longestIndent = 16

  private static func command(_ name: String, _ rest: Substring) -> ChatCommand? {
    guard let description = descriptions.first(where: { $0.name == name }) else { return nil }
    let (word, text) = firstWord(rest)
    switch name {
    case "rooms": return .rooms
    case "help": return .help
    case "who": return .who(word.isEmpty ? nil : String(rest))
    case "quit": return .quit(String(rest))
    case _ where rest.isEmpty: return .incomplete(description)
    case "nick": return .nick(String(rest))
    case "join": return .join(String(rest))
    case "me": return .act(String(rest))
    case "msg" where text.isEmpty: return .incomplete(description)
    case "msg": return .message(to: String(word), String(text))
    default: return nil
    }
  }

  /// What comes before the first space, and what comes after the spaces.
  private static func firstWord(_ text: Substring) -> (word: Substring, rest: Substring) {
    let word = text.prefix { !$0.isWhitespace }
    return (word, text[word.endIndex...].drop { $0.isWhitespace })
  }
}
