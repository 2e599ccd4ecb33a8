// Each limit of a chat, at which something sensible happens, and its end.

import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatLimitTests {
    @Test(arguments: Setup.all)
    func whoJoinsSeesTheLastLines(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried { $0.historyLines = 3 }, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        for line in 1...4 { try ada.type("line \(line)") }
        try ada.type("/me waves")
        try ada.settle()
        let bob = try ChatClient(running)
        try bob.type("bob")
        try bob.hear("-- You are in the room lobby.")
        try bob.expect("<ada> line 3", "<ada> line 4", "* ada waves", "-- Here with you: ada.")
        // The room keeps them when all members have left.
        try ada.type("/join tea")
        try ada.hear("-- You are in the room tea.")
        try ada.type("alone here")
        try ada.type("/join lobby")
        try ada.hear("-- Here with you: bob.")
        try bob.type("/join tea")
        try bob.hear("-- You are in the room tea.")
        try bob.expect("<ada> alone here", "-- You are alone in this room.")
      }
    }

    @Test func withoutHistoryNothingIsShown() async throws {
      try await withServer(Chat.unhurried { $0.historyLines = 0 }, Setup.all[0]) { running in
        let ada = try ChatClient(running, as: "ada")
        try ada.type("hello")
        try ada.settle()
        let bob = try ChatClient(running)
        try bob.type("bob")
        try bob.hear("-- You are in the room lobby.")
        try bob.expect("-- Here with you: ada.")
      }
    }

    @Test(arguments: Setup.all)
    func comingsAndGoingsAreNotAnnouncedInACrowd(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried { $0.announcedMembers = 2 }, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        try ada.expect("-- bob is here.")
        let eve = try ChatClient(running, as: "eve")
        try eve.expect("-- Joins and leaves are not announced in rooms of more than 2.")
        try eve.type("/nick eva")
        try eve.expect("-- You are now eva.")
        try eve.type("/quit")
        #expect(try eve.rest() == "-- Goodbye.\n")
        try eventually("eva's name is free") {
          try bob.type("/who")
          return try bob.line() == "-- In the room lobby: ada and bob."
        }
        try bob.type("/quit")
        try ada.expect("-- bob has left.")
      }
    }

    @Test(arguments: Setup.all)
    func aFloodIsWarnedAndPausedAndEnds(_ setup: Setup) async throws {
      let chat = Chat.unhurried { limits in
        limits.rate = 10
        limits.burst = 4
      }
      try await withServer(chat, setup) { running in
        let bob = try ChatClient(running, as: "bob")
        let ada = try ChatClient(running, as: "ada")
        try bob.expect("-- ada is here.")
        try ada.client.send((1...12).map { "\($0)\n" }.joined())
        try ada.expect(
          "-- Slow down: clients that keep this rate are paused.",
          "-- Too many lines: for a second your lines are dropped.")
        let end = try ada.line()
        try ada.type("sorry")
        let passed = try bob.hear("<ada> sorry")
        // Six at once, or fewer when the nickname still counted.
        #expect((5...6).contains(passed.count))
        #expect(passed == (1...passed.count).map { "<ada> \($0)" })
        #expect(end == "-- You can write again. Dropped: \(12 - passed.count) lines.")
      }
    }

    @Test(arguments: Setup.all)
    func aNewRoomTakesThePlaceOfAnEmptyOneOnly(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried { $0.rooms = 3 }, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        let eve = try ChatClient(running, as: "eve")
        try ada.type("/join one")
        try ada.type("said in one")
        try ada.hear("-- You are in the room one.")
        try eve.type("/join one")
        try eve.hear("-- Here with you: ada.")
        try bob.type("/join two")
        try bob.hear("-- You are in the room two.")
        try ada.type("/join three")
        try ada.hear("-- The maximum of 3 rooms is reached: /rooms lists them.")
        for person in [ada, eve] {
          try person.type("/join lobby")
          try person.hear("-- You are in the room lobby.")
        }
        try bob.type("/join three")
        try bob.hear("-- You are in the room three.")
        // The room one had to go, with what was said in it.
        try ada.type("/who one")
        try ada.hear("-- There is no room one")
        try ada.type("/join one")
        try ada.hear("-- You are in the room one.")
        try ada.expect("-- You are alone in this room.")
      }
    }

    /// Who is alone in a room frees it by going.
    @Test(arguments: Setup.all)
    func onesOwnRoomMakesPlaceForAnother(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried { $0.rooms = 2 }, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        for room in ["tea", "coffee", "tea"] {
          try ada.type("/join \(room)")
          try ada.expect("-- You are in the room \(room).", "-- You are alone in this room.")
          try ada.type("said in \(room)")
        }
        try ada.type("/rooms")
        try ada.expect("-- Rooms, and how many are in them:", "--   tea (1)")
        let bob = try ChatClient(running, as: "bob")
        try bob.type("/join tea")
        try bob.hear("-- Here with you: ada.")
        try bob.type("/join coffee")
        try bob.hear("-- The maximum of 2 rooms is reached")
      }
    }

    /// The library's limit on a receive, of which the client is told.
    @Test(arguments: Setup.all)
    func whoIsSilentTooLongIsTold(_ setup: Setup) async throws {
      try await withServer(
        Chat.unhurried(), setup,
        configure: { $0.connection.receiveTimeout = .milliseconds(300) },
        { running in
          let silent = try ChatClient(running)
          #expect(try silent.rest() == "\n-- Idle for too long. Goodbye.\n")
        })
    }

    @Test(arguments: Setup.all)
    func theLimitsOfNamesAndLinesCanBeSet(_ setup: Setup) async throws {
      let chat = Chat.unhurried { limits in
        limits.nameLength = 3
        limits.lineLength = 10
      }
      try await withServer(chat, setup) { running in
        let ada = try ChatClient(running)
        try ada.type("adam")
        try ada.expect("-- A nickname has at most 3 characters.")
        try ada.expectPrompt()
        try ada.type("adam is too long a name")
        try ada.expect("-- A line has at most 10 bytes: yours was longer and was dropped.")
        try ada.expectPrompt()
        try ada.type("ada")
        try ada.hear("-- You are alone in this room.")
      }
    }

    /// Each client is told once, in order after what was said, and none is told that the others leave.
    @Test(arguments: Setup.all)
    func atADrainEverybodyIsTold(_ setup: Setup) async throws {
      try await withServer(Chat.unhurried(), setup) { running in
        let people = try (1...8).map { try ChatClient(running, as: "user\($0)") }
        for (index, person) in people.enumerated() where index < 7 {
          try person.hear("-- user8 is here.")
        }
        let nameless = try ChatClient(running)
        try people[0].type("last words")
        try people[0].settle()
        // What no client has finished typing is neither said nor a name.
        try people[1].client.send("I will not")
        try nameless.client.send("zo")
        running.server.stop()
        #expect(try nameless.rest() == "\n-- The server is shutting down. Goodbye.\n")
        let farewell = "-- The server is shutting down. Goodbye.\n"
        #expect(try people[0].rest() == farewell)
        for person in people.dropFirst() {
          #expect(try person.rest() == "<user1> last words\n" + farewell)
        }
        try running.waitUntilStopped()
        #expect(running.metrics.resetAtStop == 0)
      }
    }

    @Test(arguments: Setup.all)
    func whoDoesNotReadHoldsNobodyUp(_ setup: Setup) async throws {
      try await withServer(
        Chat.unhurried(), setup,
        configure: {
          $0.connection.slowReaders.outboxLimit = 64 * 1024
          $0.connection.sendBufferSize = 4096
        },
        { running in
          let ada = try ChatClient(running, as: "ada")
          let bob = try ChatClient(running, as: "bob")
          let sloth = try ChatClient(running, as: "sloth", receiveBuffer: 4096)
          try ada.hear("-- sloth is here.")
          try bob.hear("-- sloth is here.")
          let text = String(repeating: "x", count: 900)
          for number in 0..<400 {
            try ada.type("\(number) \(text)")
            let line = try bob.line()
            if line == "-- sloth has left (too slow)." {
              try bob.expect("<ada> \(number) \(text)")
            } else {
              try check(line == "<ada> \(number) \(text)", "\(number): '\(line)'")
            }
          }
          try ada.expect("-- sloth has left (too slow).")
          withExtendedLifetime(sloth) {}
        })
    }
  }
}
