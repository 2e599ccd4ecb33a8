// What the server says. Pure. A line of its own begins with `-- `, one of a client with `<ada> `,
// `* ada ` or `[ada to you] `: no client can write a line that looks like another's or the server's.
//
// Lines end with LF: a message is stored once for all members, nc would show CR in pipes, and telnet(1)
// leaves the terminal to add it.

import Throng

enum ChatSentences {
  static let prompt = "What is your nickname? "
  static let shutdown = "-- The server is shutting down. Goodbye.\n"
  static let goodbye = "-- Goodbye.\n"
  static let help: String = {
    let width = ChatCommand.descriptions.map(\.usage.count).max() ?? 0
    let lines = ChatCommand.descriptions.map { description in
      let padding = String(repeating: " ", count: width - description.usage.count)
      return "--   \(description.usage)\(padding)  \(description.purpose)\n"
    }
    return "-- What you type is said to your room. Commands:\n" + lines.joined()
      + "-- To say something that begins with /, write // instead.\n"
  }()
  static let helpAtTheDoor =
    "-- A nickname is how the others will see you: letters, digits, - and _. /quit leaves.\n"

  static let nicknameFirst =
    "-- A nickname comes first: /help says how to choose one, /quit leaves.\n"

  // MARK: What clients say

  static func said(_ name: String, _ text: String) -> Bytes { Bytes("<\(name)> \(text)\n") }
  static func acted(_ name: String, _ text: String) -> Bytes { Bytes("* \(name) \(text)\n") }
  static func whispered(from name: String, _ text: String) -> Bytes {
    Bytes("[\(name) to you] \(text)\n")
  }
  static func whispered(to name: String, _ text: String) -> String { "[you to \(name)] \(text)\n" }

  // MARK: Names

  static func refused(nickname flaw: NameFlaw) -> String { "-- A nickname \(flaw.remedy)\n" }
  static func refused(room flaw: NameFlaw) -> String { "-- A room's name \(flaw.remedy)\n" }
  static func taken(_ name: String, by owner: String) -> String {
    name == owner
      ? "-- \(name) is taken: choose another nickname.\n"
      : "-- \(name) looks like \(owner), which is taken: choose another nickname.\n"
  }
  static func welcome(_ name: String) -> String {
    "-- Hello, \(name)! What you type is said to your room. /help lists the commands.\n"
  }
  static func renamed(_ old: String, _ new: String) -> Bytes {
    Bytes("-- \(old) is now \(new).\n")
  }
  static func renamed(_ new: String) -> String { "-- You are now \(new).\n" }

  // MARK: Rooms

  static func entered(_ room: String) -> String { "-- You are in the room \(room).\n" }
  static func alreadyIn(_ room: String) -> String { "-- You are in the room \(room) already.\n" }

  /// Who else is in a room that one has entered.
  static func company(_ present: ChatHall.Listing, besides name: String, silentBeyond limit: Int)
    -> String
  {
    let others = ChatHall.Listing(
      names: present.names.filter { $0 != name }, count: present.count - 1)
    if others.count == 0 { return "-- Nobody else is here.\n" }
    let text = "-- Here with you: \(list(others)).\n"
    guard present.count > limit else { return text }
    return text + "-- Who comes and goes is not announced in rooms of more than \(limit).\n"
  }
  static func present(_ room: String, _ present: ChatHall.Listing) -> String {
    present.count == 0
      ? "-- Nobody is in the room \(room).\n" : "-- In the room \(room): \(list(present)).\n"
  }
  static func noRoom(_ name: String) -> String {
    "-- There is no room \(name): /rooms lists them, /join \(name) makes it.\n"
  }
  static func rooms(_ rooms: [(name: String, count: Int)]) -> String {
    let shown = rooms.prefix(ChatLimits.listedNames).map { "--   \($0.name) (\($0.count))\n" }
    let rest = rooms.count - shown.count
    return "-- Rooms, and how many are in them:\n" + shown.joined()
      + (rest > 0 ? "--   and \(rest) more\n" : "")
  }
  static func tooManyRooms(_ limit: Int) -> String {
    "-- No more than \(limit == 1 ? "one room" : "\(limit) rooms") can be made: /rooms lists those there are.\n"
  }
  static func arrived(_ name: String) -> Bytes { Bytes("-- \(name) is here.\n") }
  static func moved(_ name: String, to room: String) -> Bytes {
    Bytes("-- \(name) has gone to the room \(room).\n")
  }
  static func left(_ name: String, _ reason: String) -> Bytes {
    Bytes("-- \(name) has left\(reason.isEmpty ? "" : " (\(reason))").\n")
  }

  // MARK: Answers

  static func nobody(_ name: String) -> String {
    "-- Nobody here is called \(name): /who lists who is.\n"
  }
  static func unreached(_ name: String) -> String {
    "-- \(name) did not get that: their connection takes nothing more.\n"
  }
  static func incomplete(_ description: ChatCommand.Description) -> String {
    "-- That needs more: \(description.usage)\n"
  }
  static func unknown(_ command: String) -> String {
    command.isEmpty
      ? "-- A command follows the slash: /help lists them.\n"
      : "-- There is no command /\(command): /help lists those there are, "
        + "and // begins a line that is said.\n"
  }
  static func tooLong(_ maximum: Int) -> String {
    "-- A line has at most \(maximum) bytes: yours was longer and was not passed on.\n"
  }
  static let slowDown = "-- Slow down, please: whoever goes on like this is paused.\n"
  static func paused(_ duration: Duration) -> String {
    "-- Too much: until \(seconds(duration)) from now nothing that you write is passed on.\n"
  }
  static func unpaused(_ dropped: Int) -> String {
    "-- You can write again. Not passed on: \(lines(dropped)).\n"
  }
  /// For who leaves in a pause.
  static func dropped(_ count: Int) -> String { "-- Not passed on: \(lines(count)).\n" }
  static func noNickname(within limit: Duration) -> String {
    "\n-- No nickname came within \(seconds(limit)). Goodbye.\n"
  }
  static let silentTooLong = "\n-- Nothing came from you for too long. Goodbye.\n"

  private static func seconds(_ duration: Duration) -> String {
    let (whole, rest) = duration.components
    let seconds = whole + (rest > 0 ? 1 : 0)
    return seconds == 1 ? "a second" : "\(seconds) seconds"
  }

  private static func lines(_ count: Int) -> String { count == 1 ? "1 line" : "\(count) lines" }

  private static func list(_ listing: ChatHall.Listing) -> String {
    let shown = listing.names.sorted()
    let rest = listing.count - shown.count
    if rest > 0 { return shown.joined(separator: ", ") + " and \(rest) more" }
    guard let last = shown.last, shown.count > 1 else { return shown.first ?? "" }
    return shown.dropLast().joined(separator: ", ") + " and " + last
  }
}
