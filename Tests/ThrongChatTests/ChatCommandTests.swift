// Every line means something, and what it means is what a person would expect.

import Testing

@testable import ThrongChat

@Suite struct ChatCommandTests {
  @Test(
    arguments: [
      ("hello", .say("hello")), (" hello", .say(" hello")), ("", .nothing), (" ", .nothing),
      ("//quit", .say("/quit")), ("///", .say("//")), ("/nick ada", .nick("ada")),
      ("/NICK  ada", .nick("ada")), ("/nick a b", .nick("a b")), ("/join x", .join("x")),
      ("/rooms", .rooms), ("/rooms please", .rooms), ("/who", .who(nil)), ("/who x", .who("x")),
      ("/msg bob hi there", .message(to: "bob", "hi there")), ("/me waves", .act("waves")),
      ("/quit", .quit("")), ("/quit so long", .quit("so long")), ("/help", .help),
      ("/help me", .help), ("/dance", .unknown("dance")), ("/", .unknown("")),
      ("/ quit", .unknown("")), (" /quit", .quit("")), ("\u{2800}/me waves", .act("waves")),
      ("\u{3000}//quit", .say("/quit")),
      ("/quitnow", .unknown("quitnow")),
    ] as [(String, ChatCommand)])
  func aLineIsUnderstood(line: String, command: ChatCommand) {
    #expect(ChatCommand(line) == command)
  }

  @Test(arguments: ["/nick", "/join ", "/me", "/msg", "/msg bob", "/msg bob  "])
  func whatIsIncompleteNamesItsUsage(line: String) {
    guard case .incomplete(let description) = ChatCommand(line) else {
      Issue.record("\(line) was taken for \(ChatCommand(line))")
      return
    }
    #expect(line.hasPrefix("/" + description.name))
    #expect(ChatReplies.incomplete(description).contains(description.usage))
  }

  @Test func helpNamesEveryCommand() {
    for description in ChatCommand.descriptions {
      #expect(ChatReplies.help.contains("--   " + description.usage))
      // And each is one: with its arguments it is understood.
      let line = "/\(description.name) a b"
      if case .unknown = ChatCommand(line) { Issue.record("\(line) is unknown") }
      if case .incomplete = ChatCommand(line) { Issue.record("\(line) is incomplete") }
    }
  }

  @Test func everySentenceOfTheServerIsALineOfItsOwn() {
    let listing = ChatDirectory.Listing(names: ["a", "b"], count: 9)
    let sentences = [
      ChatReplies.help, ChatReplies.loginHelp, ChatReplies.shutdown,
      ChatReplies.goodbye, ChatReplies.taken("a", by: "a"), ChatReplies.welcome("a"),
      ChatReplies.entered("r"), ChatReplies.present("r", listing),
      ChatReplies.company(listing, besides: "a", silentBeyond: 2), ChatReplies.noRoom("r"),
      ChatReplies.rooms([("a", 1)]), ChatReplies.tooManyRooms(3), ChatReplies.tooLong(4),
      ChatReplies.paused(.seconds(1)), ChatReplies.unpaused(2), ChatReplies.slowDown,
      ChatReplies.unknown("x"), ChatReplies.unknown(""), ChatReplies.noMember("x"),
    ]
    for sentence in sentences {
      #expect(sentence.hasSuffix("\n") && !sentence.contains("\r"))
      let lines = sentence.split(separator: "\n")
      #expect(lines.allSatisfy { $0.hasPrefix("-- ") }, "\(sentence)")
    }
  }

  /// In a pause, lines are not parsed, and leaving is possible all the same.
  @Test(
    arguments: [
      ("/quit", true), ("/QUIT so long", true), (" \t/quit", true), ("/quit\t", true),
      ("/quitnow", false), ("/qui", false), ("/", false), ("", false), ("    ", false),
      ("quit", false), ("//quit", false), ("say /quit", false), ("\u{f}quit", false),
      (String(repeating: " ", count: 1000) + "/quit", false),
    ])
  func quitIsToldByTheFirstBytesOfALine(line: String, isQuit: Bool) {
    #expect(Array(line.utf8).withUnsafeBytes { ChatCommand.isQuit($0) } == isQuit)
  }
}
