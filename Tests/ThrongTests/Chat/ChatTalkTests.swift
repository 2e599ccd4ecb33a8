// What people who chat see, word for word, under every model.

import Testing
import Throng
import ThrongHandlers

extension AllTests {
  @Suite struct ChatTalk {
    @Test(arguments: Setup.all)
    func peopleTalkInARoom(_ setup: Setup) async throws {
      try await withServer(Chat(), setup) { running in
        let ada = try ChatClient(running)
        try ada.type("ada")
        try ada.expect(
          "-- Hello, ada! What you type is said to your room. /help lists the commands.",
          "-- You are in the room lobby.", "-- Nobody else is here.")
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
        try ada.expect("-- bob has left (so long).")
      }
    }

    @Test(arguments: Setup.all)
    func aNicknameIsAskedForUntilItIsGood(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let other = try ChatClient(running)
        for (name, answer) in [
          ("ADA", "-- ADA looks like ada, which is taken: choose another nickname."),
          ("ada", "-- ada is taken: choose another nickname."),
          ("a b", "-- A nickname has no spaces in it."),
          ("a23456789012345678901", "-- A nickname has at most 20 characters."),
          ("GET / HTTP/1.1", "-- A nickname has no spaces in it."),
          (
            "/help",
            "-- A nickname is how the others will see you: letters, digits, - and _."
              + " /quit leaves."
          ),
          ("/who", "-- A nickname begins with a letter."),
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
        try bob.expect("-- Ada looks like ada, which is taken: choose another nickname.")
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

    @Test(arguments: Setup.all)
    func roomsAreApart(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        let eve = try ChatClient(running, as: "eve")
        try ada.expect("-- bob is here.", "-- eve is here.")
        try bob.expect("-- eve is here.")
        try bob.type("/join #Tea")
        try bob.expect("-- You are in the room Tea.", "-- Nobody else is here.")
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
        try eve.expect("-- Nobody here is called zoe: /who lists who is.")
      }
    }

    @Test(arguments: Setup.all)
    func everyInputGetsAnAnswer(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let ada = try ChatClient(running, as: "ada")
        for (line, answer) in [
          (
            "/dance",
            "-- There is no command /dance: /help lists those there are, and // begins"
              + " a line that is said."
          ),
          ("/", "-- A command follows the slash: /help lists them."),
          ("/msg", "-- That needs more: /msg NICK TEXT"),
          ("/nick", "-- That needs more: /nick NAME"),
          ("/nick a\u{1b}[2J", #"-- A nickname has only letters, digits, - and _: not '\'."#),
          ("/join a/b", "-- A room's name has only letters, digits, - and _: not '/'."),
          ("/join", "-- That needs more: /join ROOM"),
          ("/\u{1b}[31m", #"-- There is no command /\x1b[31m: /help lists those there are,"#),
          (
            String(repeating: "x", count: 1001),
            "-- A line has at most 1000 bytes: yours was longer and was not passed on."
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
