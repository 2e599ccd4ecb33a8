// What people who chat see, word for word, under every model.

import LinuxSystem
import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatTalk {
    @Test(arguments: Setup.all)
    func peopleTalkInARoom(_ setup: Setup) async throws {
      try await withServer(Chat(), setup) { running in
        let ada = try ChatClient(running)
        try ada.type("ada")
        try ada.expect(
          "-- Hello, ada! What you type is sent to your room. /help lists the commands.",
          "-- You are in the room lobby.", "-- You are alone in this room.")
        let bob = try ChatClient(running, as: "bob")
        try ada.expect("-- bob is here.")
        try ada.type("hello")
        try bob.expect("<ada> hello")
        try bob.type("/me waves")
        try ada.expect("* bob waves")
        try bob.type("//quit is how one leaves")
        try ada.expect("<bob> /quit is how one leaves")
        try bob.type("/quit so long")
        try bob.expect("-- Goodbye.")
        #expect(try bob.rest() == "")
        // A last word is bob's and not the server's.
        try ada.expect("<bob> so long", "-- bob has left.")
      }
    }

    @Test(arguments: Setup.all)
    func aNicknameIsAskedForUntilItIsGood(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let other = try ChatClient(running)
        let first = "-- Choose a nickname first: /help says how, /quit leaves."
        for (name, answer) in [
          ("ADA", "-- ADA is taken by ada: choose another nickname."),
          ("ada", "-- ada is taken: choose another nickname."),
          ("a b", "-- A nickname has no spaces."),
          ("a23456789012345678901", "-- A nickname has at most 20 characters."),
          ("GET / HTTP/1.1", "-- A nickname has no spaces."),
          (
            "/help",
            "-- Others see your nickname: letters, digits, - and _. /quit leaves."
          ),
          ("1ada", "-- A nickname begins with a letter."),
          ("/who", first), ("/join x", first), ("/msg ada hi", first), ("/nick", first),
          (" /me waves", first), ("/dance", first),
        ] {
          try other.type(name)
          try other.expect(answer)
          try other.expectPrompt()
        }
        try other.type("")
        try other.expectPrompt()
        // A habit from elsewhere.
        try other.type("/nick  bob ")
        try other.hear("-- Here with you: ada.")
        try ada.expect("-- bob is here.")
      }
    }

    @Test(arguments: Setup.all)
    func namesChangeAndAreFreeAgain(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        try ada.expect("-- bob is here.")
        try bob.type("/nick Ada")
        try bob.expect("-- Ada is taken by ada: choose another nickname.")
        try bob.type("/nick BOB")
        try bob.expect("-- You are now BOB.")
        try ada.expect("-- bob is now BOB.")
        try ada.type("/nick eve")
        try ada.expect("-- You are now eve.")
        try bob.expect("-- ada is now eve.")
        try bob.type("/nick ada")
        try bob.expect("-- You are now ada.")
        try ada.expect("-- BOB is now ada.")
        try bob.type("/who")
        try bob.expect("-- In the room lobby: ada and eve.")
        bob.client.reset()
        try ada.expect("-- ada has left (connection lost).")
        let carl = try ChatClient(running, as: "bob")
        try carl.type("hi")
        try ada.expect("-- bob is here.", "<bob> hi")
      }
    }

    /// Each is in the other's list, or is announced to it.
    @Test(arguments: Setup.all)
    func whoJoinTogetherKnowOfEachOther(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        for round in 0..<6 {
          let people = try (0..<8).map { _ in try ChatClient(running) }
          let heard = Shared([Int: String]())
          let names = people.indices.map { "user\(round)x\($0)" }
          try concurrently(people.count) { try people[$0].type(names[$0]) }
          for person in people { try person.hear("-- You are in the room lobby.") }
          // All clients are in, and have been announced, when each of them knows the others.
          for (index, person) in people.enumerated() {
            let lines = try person.hearCompany()
            heard.change { $0[index] = lines }
          }
          for (index, person) in people.enumerated() {
            try person.type("/rooms")
            let announced = try person.hear("-- Rooms, and how many")
            let known = (heard.value[index] ?? "") + announced.joined(separator: "\n")
            for name in names where name != names[index] {
              try check(known.contains(name), "\(names[index]) does not know of \(name): \(known)")
            }
          }
          for person in people { try person.type("/quit") }
          for person in people { _ = try person.rest() }
        }
      }
    }

    /// Whether at the left margin or after a blank.
    @Test(arguments: Setup.all)
    func aCommandAfterABlankIsNotSaidToEverybody(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        let eve = try ChatClient(running, as: "eve")
        try eve.type(" /msg bob secret")
        try bob.expect("-- eve is here.", "[eve to you] secret")
        try eve.type("heard by all")
        try ada.expect("-- bob is here.", "-- eve is here.", "<eve> heard by all")
      }
    }

    /// A name that is encoded in two ways is one name, in the room as well.
    @Test func oneNameHasOneOwnerHoweverItIsEncoded() async throws {
      try await withServer(Chat.unhurried(), Setup.all[0]) { running in
        let zoe = try ChatClient(running, as: "zoï")
        let other = try ChatClient(running)
        try other.type("zoi\u{308}")
        try other.hear("is taken: choose another nickname.")
        try other.expectPrompt()
        try other.type("ivo")
        try zoe.expect("-- ivo is here.")
        try zoe.type("/nick IVO")
        try zoe.expect("-- IVO is taken by ivo: choose another nickname.")
        try zoe.type("/nick zoi\u{308}")
        try zoe.hear("-- You are now zo")
        try zoe.type("/nick ΙΝΑ")
        try zoe.expect("-- You are now ΙΝΑ.")
        let third = try ChatClient(running)
        try third.type("ινα")
        try third.expect("-- ινα is taken by ΙΝΑ: choose another nickname.")
        try third.expectPrompt()
        try zoe.type("/who")
        try zoe.expect("-- In the room lobby: ivo and ΙΝΑ.")
        try zoe.type("/quit")
        _ = try zoe.rest()
        try third.type("ina")
        try third.hear("-- Here with you: ivo.")
      }
    }

    @Test(arguments: Setup.all)
    func roomsAreApart(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        let eve = try ChatClient(running, as: "eve")
        try ada.expect("-- bob is here.", "-- eve is here.")
        try bob.expect("-- eve is here.")
        try bob.type("/join #Tea")
        try bob.expect("-- You are in the room Tea.", "-- You are alone in this room.")
        try ada.expect("-- bob has gone to the room Tea.")
        try eve.expect("-- bob has gone to the room Tea.")
        try ada.type("/join tea")
        try ada.expect("-- You are in the room Tea.", "-- Here with you: bob.")
        try bob.expect("-- ada is here.")
        try eve.expect("-- ada has gone to the room Tea.")
        try ada.type("milk?")
        try bob.expect("<ada> milk?")
        try ada.type("/join TEA")
        try ada.expect("-- You are in the room Tea already.")
        try eve.type("/rooms")
        try eve.expect("-- Rooms, and how many are in them:", "--   Tea (2)", "--   lobby (1)")
        try eve.type("/who tea")
        try eve.expect("-- In the room Tea: ada and bob.")
        try eve.type("/who coffee")
        try eve.expect("-- There is no room coffee: /rooms lists them, /join coffee makes it.")
        try eve.type("/msg bob psst")
        try eve.expect("[you to bob] psst")
        try bob.expect("[eve to you] psst")
        try eve.type("/msg zoe psst")
        try eve.expect("-- There is no zoe here: /who lists the members.")
      }
    }

    @Test(arguments: Setup.all)
    func everyInputGetsAnAnswer(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        for (line, answer) in [
          (
            "/dance",
            "-- There is no command /dance: /help lists them, and // begins"
              + " a line that is sent."
          ),
          ("/", "-- The command is missing: /help lists them."),
          ("/msg", "-- That needs more: /msg NICK TEXT"),
          ("/nick", "-- That needs more: /nick NAME"),
          ("/nick a\u{1b}[2J", #"-- A nickname has only letters, digits, - and _: not '\'."#),
          ("/join a/b", "-- A room name has only letters, digits, - and _: not '/'."),
          ("/join", "-- That needs more: /join ROOM"),
          ("/\u{1b}[31m", #"-- There is no command /\x1b[31m: /help lists them,"#),
          (
            String(repeating: "x", count: 1001),
            "-- A line has at most 1000 bytes: yours was longer and was dropped."
          ),
        ] {
          try ada.type(line)
          let heard = try ada.line()
          try check(heard.hasPrefix(answer), "'\(heard)' instead of '\(answer)'")
        }
        try ada.type("/help")
        try ada.hear("--   /nick NAME")
      }
    }

    @Test(arguments: Setup.all)
    func othersSeeCleanTextOnly(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        try bob.type("\u{1b}[2Jred \u{202e}gpj\t.\u{7}")
        try bob.client.send([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x0d, 0x0a])
        try bob.client.send([255, 251, 10, 255, 250, 31, 10, 255, 240] + Array("ok\r\0".utf8))
        try ada.expect(
          "-- bob is here.", #"<bob> \x1b[2Jred \u{202e}gpj .\x07"#, "<bob> Gr\u{fffd}\u{fffd}e",
          "<bob> ok")
      }
    }

    /// telnet(1) sends both at Ctrl-C, and shows nothing until the mark comes.
    @Test(arguments: Setup.all)
    func aRequestedTimingMarkComes(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        try ada.client.send([255, 244, 255, 253, 6])
        #expect(try ada.client.receive(exactly: 3) == [255, 251, 6])
      }
    }

    @Test(arguments: Setup.all)
    func whoEndsWithoutNewlineIsHeardOut(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running)
        try bob.client.send("bob\r\nno terminator")
        try bob.client.finishSending()
        #expect(try bob.rest().hasSuffix("-- Goodbye.\n"))
        try ada.expect("-- bob is here.", "<bob> no terminator", "-- bob has left.")
      }
    }
  }
}
