// What a client sees of a pause: at the door, when it leaves meanwhile, and when its input ends.

import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatPauseTests {
    /// One line a second, and so a pause that outlasts what comes at once.
    private static func slow() -> Chat {
      Chat.unhurried { limits in
        limits.rate = 1
        limits.burst = 1
      }
    }

    @Test(arguments: Setup.all)
    func leavingIsNoFlood(_ setup: Setup) async throws {
      try await withServer(Self.slow(), setup) { running in
        let bob = try ChatClient(running, as: "bob")
        let ada = try ChatClient(running, as: "ada")
        try bob.expect("-- ada is here.")
        let lines = (1...40).map { "\($0)\n" }.joined()
        try ada.client.send(lines + " /quit not passed on\n")
        let passed = try bob.hear("-- ada has left.")
        #expect(passed == passed.indices.map { "<ada> \($0 + 1)" })
        let dropped = 40 - passed.count
        #expect(try ada.rest().hasSuffix("\n-- Dropped: \(dropped) lines.\n-- Goodbye.\n"))
      }
    }

    @Test(arguments: Setup.all)
    func whoEndsInAPauseIsToldWhatWasDropped(_ setup: Setup) async throws {
      try await withServer(Self.slow(), setup) { running in
        let bob = try ChatClient(running, as: "bob")
        let ada = try ChatClient(running, as: "ada")
        try bob.expect("-- ada is here.")
        try ada.client.send((1...39).map { "\($0)\n" }.joined() + "unfinished")
        try ada.client.finishSending()
        let dropped = try 40 - bob.hear("-- ada has left.").count
        #expect(try ada.rest().hasSuffix("\n-- Dropped: \(dropped) lines.\n-- Goodbye.\n"))
      }
    }

    @Test(arguments: Setup.all)
    func afterAPauseAtTheDoorANicknameIsAskedForAgain(_ setup: Setup) async throws {
      let chat = Chat.unhurried { limits in
        limits.rate = 20
        limits.burst = 2
      }
      try await withServer(chat, setup) { running in
        let ada = try ChatClient(running)
        try ada.client.send(String(repeating: "?\n", count: 20))
        try ada.hear("-- You can write again.")
        try ada.expectPrompt()
        try ada.type("ada")
        try ada.hear("-- You are alone in this room.")
      }
    }

    @Test(arguments: Setup.all)
    func whoIsPausedAtTheDoorCanLeave(_ setup: Setup) async throws {
      try await withServer(Self.slow(), setup) { running in
        let ada = try ChatClient(running)
        try ada.client.send(String(repeating: "?\n", count: 20) + "/quit\n")
        #expect(try ada.rest().hasSuffix(" lines.\n-- Goodbye.\n"))
      }
    }
  }
}
