// Clients that send too much, ask for too many answers, or never give a nickname: each costs the server
// a bounded amount, and the others are served meanwhile.

import LinuxSystem
import TestSupport
import Testing
import Throng
import ThrongChat
import ThrongHandlers

extension ChatServerTests {
  @Suite struct ChatHostileTests {
    /// One line a second, and so a pause that outlasts what comes at once.
    private static func slow(_ change: (inout ChatLimits) -> Void = { _ in }) -> Chat {
      Chat.unhurried { limits in
        limits.rate = 1
        limits.burst = 1
        change(&limits)
      }
    }

    /// The bytes of a client beyond its budget stay in the kernel, until TCP's window is full.
    @Test(arguments: Setup.all)
    func aFloodIsNotReceivedBeyondItsBytes(_ setup: Setup) async throws {
      let chat = Self.slow { limits in
        limits.byteRate = 1
        limits.byteBurst = 1000
      }
      try await withServer(
        chat, setup, configure: { $0.connection.receiveBufferSize = 16 * 1024 },
        { running in
          let flood = try ChatClient(running)
          let command = Array("/me \u{202e}\u{200b}\n".utf8)
          let piece = (0..<600).flatMap { _ in command }
          var sent = 0
          var refusals = 0
          while refusals < 20, sent < 64 << 20 {
            let count = try flood.client.sendWithoutWaiting(piece)
            sent += count
            refusals = count == 0 ? refusals + 1 : 0
            if count == 0 { try Self.takeTurn(of: running) }
          }
          #expect(refusals == 20)
          // One receive beyond the burst, and what the others have sent.
          #expect(running.metrics.receivedBytes < 1000 + 2 * 16 * 1024)
        })
    }

    /// While nothing is received, no receive shows that the connection is lost. Only a reactor sees it
    /// all the same; under the other models it shows when the wait is over.
    @Test(arguments: [Setup(model: .reactor), Setup(model: .reactor(loops: 2))])
    func aClientBeyondItsBytesThatIsLostIsNotKept(_ setup: Setup) async throws {
      let chat = Self.slow { limits in
        limits.byteRate = 1
        limits.byteBurst = 1
      }
      try await withServer(chat, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        let bob = try ChatClient(running, as: "bob")
        ada.client.reset()
        try bob.hear("-- ada has left")
      }
    }

    /// Returns when the server has served another client from the beginning to the end.
    private static func takeTurn(of running: RunningServer) throws {
      let client = try ChatClient(running)
      try client.type("/quit")
      try check(try client.rest() == "-- Goodbye.\n", "no goodbye")
    }

    /// A stop does not wait until the client has paid for its bytes.
    @Test(arguments: Setup.all)
    func aServerStopsWithAClientBeyondItsBytes(_ setup: Setup) async throws {
      let chat = Self.slow { limits in
        limits.byteRate = 1
        limits.byteBurst = 1
      }
      try await withServer(
        chat, setup, configure: { $0.drainTimeout = .seconds(60) },
        { running in
          let ada = try ChatClient(running, as: "ada")
          running.server.stop()
          #expect(try ada.rest() == "-- The server is shutting down. Goodbye.\n")
          ada.client.close()
          try running.waitUntilStopped()
          #expect(running.metrics.resetAtStop == 0)
        })
    }

    @Test(arguments: Setup.all)
    func emptyLinesBeforeTheLoginAreNotAllAnswered(_ setup: Setup) async throws {
      try await withServer(Self.slow(), setup) { running in
        let ada = try ChatClient(running)
        try ada.client.send(String(repeating: "\n", count: 1000))
        try ada.client.finishSending()
        let heard = try ada.rest()
        // One passes, one is warned, and the rest is in the pause.
        #expect(
          heard.split(separator: ChatClient.prompt, omittingEmptySubsequences: false).count == 3)
        #expect(heard.hasSuffix("\n-- Dropped: 0 lines.\n-- Goodbye.\n"))
      }
    }

    @Test(arguments: [false, true], Setup.all)
    func timingMarksAreNotAllAnswered(isLoggedIn: Bool, _ setup: Setup) async throws {
      try await withServer(Self.slow(), setup) { running in
        let ada = isLoggedIn ? try ChatClient(running, as: "ada") : try ChatClient(running)
        try ada.client.send((0..<1000).flatMap { _ in [255, 253, 6] as [UInt8] })
        try ada.client.finishSending()
        let marks = try ada.client.receiveToEnd().count { $0 == 255 }
        // Fewer when the nickname still counts.
        #expect((1...2).contains(marks))
      }
    }

    /// Without the answer, telnet(1) would show nothing any more.
    @Test(arguments: Setup.all)
    func aTimingMarkThatIsAskedForInAPauseComesAfterIt(_ setup: Setup) async throws {
      let chat = Chat.unhurried { limits in
        limits.rate = 20
        limits.burst = 2
      }
      try await withServer(chat, setup) { running in
        let ada = try ChatClient(running, as: "ada")
        try ada.client.send((0..<40).flatMap { _ in [255, 253, 6] as [UInt8] })
        try ada.hear("-- You can write again.")
        try ada.type("/quit")
        // The mark, 255 251 6, as text.
        #expect(try ada.rest() == "\u{fffd}\u{fffd}\u{6}-- Goodbye.\n")
      }
    }

    // MARK: Login

    @Test(arguments: Setup.all)
    func aClientThatGivesNoNicknameIsEnded(_ setup: Setup) async throws {
      let chat = Chat.unhurried { $0.loginTimeout = .milliseconds(300) }
      try await withServer(chat, setup) { running in
        let nameless = try ChatClient(running)
        #expect(try nameless.rest() == "\n-- No nickname within a second. Goodbye.\n")
      }
    }

    /// The time counts in total, whatever the client sends.
    @Test(arguments: Setup.all)
    func invalidNicknamesDoNotExtendTheLogin(_ setup: Setup) async throws {
      let chat = Chat.unhurried { $0.loginTimeout = .milliseconds(300) }
      try await withServer(chat, setup) { running in
        let nameless = try ChatClient(running)
        let deadline = MonotonicTime.now + .seconds(30)
        var heard: [UInt8] = []
        while MonotonicTime.now < deadline {
          guard (try? nameless.client.send("?\n")) != nil,
            let answer = try nameless.client.receiveUnlessReset(), !answer.isEmpty
          else { break }
          heard += answer
        }
        let text = String(decoding: heard, as: UTF8.self)
        #expect(text.contains("-- A nickname has only letters"))
        #expect(text.hasSuffix("\n-- No nickname within a second. Goodbye.\n"))
      }
    }

    @Test(arguments: Setup.all)
    func neitherAPauseNorAFloodExtendsTheLogin(_ setup: Setup) async throws {
      let chat = Self.slow { limits in
        limits.loginTimeout = .milliseconds(300)
        limits.byteRate = 1
        limits.byteBurst = 1000
      }
      try await withServer(chat, setup) { running in
        let paused = try ChatClient(running)
        try paused.client.send(String(repeating: "?\n", count: 20))
        let beyond = try ChatClient(running)
        try beyond.client.send(String(repeating: "?\n", count: 2000))
        for client in [paused, beyond] {
          let heard = try client.rest()
          #expect(heard.contains("-- Too many lines: "))
          #expect(!heard.contains("-- You can write again."))
          #expect(heard.hasSuffix("\n-- No nickname within a second. Goodbye.\n"))
        }
      }
    }

    @Test(arguments: Setup.all)
    func aClientWithANicknameStays(_ setup: Setup) async throws {
      let chat = Chat.unhurried { $0.loginTimeout = .milliseconds(500) }
      try await withServer(chat, setup) { running in
        // On a busy machine, it may itself be late.
        var member: ChatClient?
        try eventually("a login in time") {
          member = try? ChatClient(running, as: "ada")
          return member != nil
        }
        let ada = try #require(member)
        let nameless = try ChatClient(running)
        #expect(try nameless.rest().hasSuffix(" Goodbye.\n"))
        try ada.settle()
      }
    }
  }
}
