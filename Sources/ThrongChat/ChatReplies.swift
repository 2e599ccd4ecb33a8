// The lines that the server sends. Pure. A line of its own begins with `-- `, one of a client with `<ada> `,
// `* ada ` or `[ada to you] `: no client can write a line that looks like another's or the server's.
//
// Lines end with LF: a message is stored once for all members, nc would show CR in pipes, and telnet(1)
// leaves the terminal to add it.

import Throng
import ThrongHandlers

enum ChatReplies {
  static let prompt = "What is your nickname? "
  static let shutdown = "-- The server is shutting down. Goodbye.\n"
  static let goodbye = "-- Goodbye.\n"
  static let help: String = {
    let width = ChatCommand.descriptions.map(\.usage.count).max() ?? 0
    let lines = ChatCommand.descriptions.map { description in
      let padding = String(repeating: " ", count: width - description.usage.count)
      return "--   \(description.usage)\(padding)  \(description.purpose)\n"
    }
    return "-- What you type is sent to your room. Commands:\n" + lines.joined()
      + "-- To send a line that begins with /, write // instead.\n"
  }()
  static let loginHelp =
    "-- Others see your nickname: letters, digits, - and _. /quit leaves.\n"

  static let nicknameFirst =
    "-- Choose a nickname first: /help says how, /quit leaves.\n"

  // MARK: What clients say

  static func said(_ name: String, _ text: String) -> Bytes { Bytes("<\(name)> \(text)\n") }
  static func acted(_ name: String, _ text: String) -> Bytes { Bytes("* \(name) \(text)\n") }
  static func whispered(from name: String, _ text: String) -> Bytes {
    Bytes("[\(name) to you] \(text)\n")
  }
  static func whispered(to name: String, _ text: String) -> String { "[you to \(name)] \(text)\n" }

  // MARK: Names

  static func refused(nickname error: NameError) -> String { "-- A nickname \(remedy(error))\n" }
  static func refused(room error: NameError) -> String { "-- A room name \(remedy(error))\n" }

  private static func remedy(_ error: NameError) -> String {
    switch error {
    case .empty: "needs at least one letter."
    case .noLetterFirst: "begins with a letter."
    case .reserved: "must not be a word that the server uses itself."
    case .tooLong(let maximum): "has at most \(maximum) characters."
    case .character(" "): "has no spaces."
    case .character(let scalar):
      "has only letters, digits, - and _: not \(shown(scalar))."
    }
  }

  private static func shown(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .unassigned, .privateUse, .nonspacingMark, .enclosingMark,
      .spacingMark, .spaceSeparator:
      TerminalEscaper.escape(of: scalar)
    default: "'\(scalar)'"
    }
  }

  static func taken(_ name: String, by owner: String) -> String {
    name == owner
      ? "-- \(name) is taken: choose another nickname.\n"
      : "-- \(name) is taken by \(owner): choose another nickname.\n"
  }
  static func welcome(_ name: String) -> String {
    "-- Hello, \(name)! What you type is sent to your room. /help lists the commands.\n"
  }
  static func renamed(_ old: String, _ new: String) -> Bytes {
    Bytes("-- \(old) is now \(new).\n")
  }
  static func renamed(_ new: String) -> String { "-- You are now \(new).\n" }

  // MARK: Rooms

  static func entered(_ room: String) -> String { "-- You are in the room \(room).\n" }
  static func alreadyIn(_ room: String) -> String { "-- You are in the room \(room) already.\n" }

  /// The other members of a room that a client has entered.
  static func company(
    _ present: ChatDirectory.Listing, besides name: String, silentBeyond limit: Int
  )
    -> String
  {
    let others = ChatDirectory.Listing(
      names: present.names.filter { $0 != name }, count: present.count - 1)
    if others.count == 0 { return "-- You are alone in this room.\n" }
    let text = "-- Here with you: \(list(others)).\n"
    guard present.count > limit else { return text }
    return text + "-- Joins and leaves are not announced in rooms of more than \(limit).\n"
  }
  static func present(_ room: String, _ present: ChatDirectory.Listing) -> String {
    present.count == 0
      ? "-- The room \(room) is empty.\n" : "-- In the room \(room): \(list(present)).\n"
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
    "-- The maximum of \(limit == 1 ? "one room" : "\(limit) rooms") is reached: /rooms lists them.\n"
  }
  static func arrived(_ name: String) -> Bytes { Bytes("-- \(name) is here.\n") }
  static func moved(_ name: String, to room: String) -> Bytes {
    Bytes("-- \(name) has gone to the room \(room).\n")
  }
  static func left(_ name: String, _ reason: LeaveReason) -> Bytes {
    Bytes("-- \(name) has left\(reason.rawValue).\n")
  }

  // MARK: Answers

  static func noMember(_ name: String) -> String {
    "-- There is no \(name) here: /who lists the members.\n"
  }
  static func unreached(_ name: String) -> String {
    "-- \(name) did not receive it: the connection takes no more data.\n"
  }
  static func incomplete(_ description: ChatCommand.Description) -> String {
    "-- That needs more: \(description.usage)\n"
  }
  static func unknown(_ command: String) -> String {
    command.isEmpty
      ? "-- The command is missing: /help lists them.\n"
      : "-- There is no command /\(command): /help lists them, "
        + "and // begins a line that is sent.\n"
  }
  static func tooLong(_ maximum: Int) -> String {
    "-- A line has at most \(maximum) bytes: yours was longer and was dropped.\n"
  }
  static let slowDown = "-- Slow down: clients that keep this rate are paused.\n"
  static func paused(_ duration: Duration) -> String {
    "-- Too many lines: for \(seconds(duration)) your lines are dropped.\n"
  }
  static func unpaused(_ dropped: Int) -> String {
    "-- You can write again. Dropped: \(lines(dropped)).\n"
  }
  /// For a client that leaves during a pause.
  static func dropped(_ count: Int) -> String { "-- Dropped: \(lines(count)).\n" }
  static func noNickname(within limit: Duration) -> String {
    "\n-- No nickname within \(seconds(limit)). Goodbye.\n"
  }
  static let idle = "\n-- Idle for too long. Goodbye.\n"

  private static func seconds(_ duration: Duration) -> String {
    let (whole, rest) = duration.components
    let seconds = whole + (rest > 0 ? 1 : 0)
    return seconds == 1 ? "a second" : "\(seconds) seconds"
  }

  private static func lines(_ count: Int) -> String { count == 1 ? "1 line" : "\(count) lines" }

  private static func list(_ listing: ChatDirectory.Listing) -> String {
    let shown = listing.names.sorted()
    let rest = listing.count - shown.count
    if rest > 0 { return shown.joined(separator: ", ") + " and \(rest) more" }
    guard let last = shown.last, shown.count > 1 else { return shown.first ?? "" }
    return shown.dropLast().joined(separator: ", ") + " and " + last
  }
}

/// Why a member has left, as the others are told.
enum LeaveReason: String {
  case ownWish = ""
  case idle = " (silent for too long)"
  case timedOut = " (timed out)"
  case connectionLost = " (connection lost)"
  case tooSlow = " (too slow)"
  case dropped = " (dropped)"
}
