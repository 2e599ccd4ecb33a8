// `throng serve --handler chat` as people use it: with nc, ncat and telnet.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ChatTests {
  private static let withinLobby = "-- You are in the room lobby."

  /// A line client that has entered the lobby.
  private func enter(
    _ command: [String], _ server: ServeProgram, as name: String
  ) throws -> Program {
    let client = try Program("/usr/bin/env", command + ["127.0.0.1", server.port])
    try client.output.wait { $0.hasSuffix("What is your nickname? ") }
    client.write(name + "\n")
    try client.output.wait(for: Self.withinLobby)
    return client
  }

  /// A terminal in which telnet runs: only there it is in the mode that people use. It does not end when
  /// its terminal goes, so it is killed with script(1).
  private func telnet(_ server: ServeProgram) throws -> Program {
    let command = "exec setpriv --pdeathsig KILL telnet 127.0.0.1 \(server.port)"
    return try Program("/usr/bin/env", ["script", "-qfec", command, "/dev/null"])
  }

  @Test(arguments: everyModel)
  func ncNcatAndTelnetTalkToEachOther(model: [String]) throws {
    try ServeProgram.run(["--handler", "chat"] + model) { server in
      let ada = try enter(["nc"], server, as: "ada")
      defer { ada.kill() }
      let bob = try enter(["ncat"], server, as: "bob")
      defer { bob.kill() }
      let eve = try telnet(server)
      defer { eve.kill() }
      // script(1) would leave telnet behind.
      defer { server.program.send(SIGTERM) }
      try eve.output.wait { $0.contains("What is your nickname? ") }
      eve.write("eve\n")
      try ada.output.wait(for: "-- eve is here.")
      ada.write("Grüße\n")
      for other in [bob, eve] { try other.output.wait(for: "<ada> Grüße") }
      bob.write("/me waves\n")
      for other in [ada, eve] { try other.output.wait(for: "* bob waves") }
      eve.write("/msg ada psst\n")
      try ada.output.wait(for: "[eve to you] psst")
      bob.write("/quit so long\n")
      for other in [ada, eve] {
        try other.output.wait(for: "<bob> so long")
        try other.output.wait(for: "-- bob has left.")
      }
      #expect(!ada.output.text.contains("\r"))
    }
  }

  /// telnet(1) sends an interrupt and asks for a timing mark, and shows nothing until it comes.
  @Test func telnetSurvivesControlC() throws {
    try ServeProgram.run(["--handler", "chat"]) { server in
      let ada = try enter(["nc"], server, as: "ada")
      defer { ada.kill() }
      let eve = try telnet(server)
      defer { eve.kill() }
      defer { server.program.send(SIGTERM) }
      try eve.output.wait { $0.contains("What is your nickname? ") }
      eve.write("eve\n")
      try eve.output.wait(for: Self.withinLobby)
      eve.write("\u{3}")
      try eve.output.wait { $0.contains("^C") }
      // Telnet drops what comes before the timing mark, and the terminal shows ^C before telnet asks for
      // it: a later line shows that the server has answered.
      eve.write("are you there?\n")
      try ada.output.wait(for: "<eve> are you there?")
      ada.write("yes\n")
      try eve.output.wait(for: "<ada> yes")
    }
  }

  @Test func aPipeCanSpeakAndLeave() throws {
    try ServeProgram.run(["--handler", "chat"]) { server in
      let ada = try enter(["nc"], server, as: "ada")
      defer { ada.kill() }
      let heard = try server.netcat("bob\nhello from a pipe")
      #expect(heard.hasSuffix("-- Goodbye.\n"))
      try ada.output.wait(for: "<bob> hello from a pipe")
      try ada.output.wait(for: "-- bob has left.")
    }
  }

  @Test(arguments: everyModel)
  func aSignalTellsEverybodyAndIsASuccess(model: [String]) throws {
    try ServeProgram.run(["--handler", "chat"] + model) { (server) throws in
      let people = try ["ada", "bob", "eve"].map { try enter(["nc"], server, as: $0) }
      defer { for person in people { person.kill() } }
      server.program.send(SIGTERM)
      for person in people {
        try person.output.wait(for: "-- The server is shutting down. Goodbye.")
        person.closeInput()
      }
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  @Test func theFlagsOfTheChatHold() throws {
    let flags = [
      "--chat-name-length", "3", "--chat-line-length", "20", "--chat-history", "1",
      "--chat-rooms", "1", "--chat-rate", "off", "--chat-announce-limit", "0",
    ]
    try ServeProgram.run(["--handler", "chat"] + flags) { server in
      let heard = try server.netcat(
        """
        long
        ada
        said first
        said last
        /join tea
        this line has more than 20 bytes

        """)
      #expect(heard.contains("-- A nickname has at most 3 characters."))
      #expect(heard.contains("-- The maximum of one room is reached"))
      #expect(heard.contains("-- A line has at most 20 bytes"))
      let second = try server.netcat("bob\n")
      #expect(second.contains("room lobby.\n<ada> said last\n-- You are alone in this room."))
    }
  }
}
