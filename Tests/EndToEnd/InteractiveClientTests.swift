// `throng connect` on a terminal, as a person sees it.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct InteractiveClientTests {
  /// Runs a conversation with a scripted server.
  private func talk(
    _ flags: String = "", size: (Int, Int) = (60, 20), prefix: String = "",
    _ body: (TerminalSession, ScriptedServer) throws -> Void
  ) throws {
    try ScriptedServer.run { server in
      try TerminalSession.run(size: size) { terminal in
        try terminal.command(
          "clear; \(prefix) $THRONG connect 127.0.0.1 \(server.port) \(flags); echo status $?")
        server.say("welcome\n")
        try terminal.wait("the greeting") { $0 == ["welcome"] }
        try body(terminal, server)
      }
    }
  }

  @Test func whatArrivesDoesNotTearTheLineBeingTyped() throws {
    try talk { terminal, server in
      let text = "the quick brown fox jumps over the lazy 狐"
      for (number, character) in text.enumerated() {
        server.say("line \(number)\n")
        try terminal.type(String(character))
      }
      try terminal.wait("the last of both") {
        $0.suffix(2) == ["line \(text.count - 1)", text]
      }
      #expect(
        try terminal.everything == ["welcome"]
          + text.indices.enumerated().map { "line \($0.offset)" } + [text])
      try terminal.press("Enter")
      try server.wait(toHear: text + "\n")
    }
  }

  @Test func aQuestionStandsBeforeTheAnswer() throws {
    try talk { terminal, server in
      server.say("What is your nickname? ")
      try terminal.wait(forLastRow: "What is your nickname?")
      try terminal.type("bob")
      try terminal.wait(forLastRow: "What is your nickname? bob")
      server.say("(at most 20 characters) ")
      try terminal.wait(forLastRow: "What is your nickname? (at most 20 characters) bob")
      try terminal.press("Enter")
      try server.wait(toHear: "bob\n")
      server.say("hi bob\n> ")
      try terminal.wait("the answer") {
        $0.suffix(3) == ["What is your nickname? (at most 20 characters) bob", "hi bob", ">"]
      }
    }
  }

  @Test func sentLinesComeBack() throws {
    try talk { terminal, server in
      for line in ["one", "two", "two"] { try terminal.command(line) }
      try terminal.type("draft")
      try terminal.press("Up", "Up")
      try terminal.wait(forLastRow: "one")
      try terminal.press("C-n", "Down")
      try terminal.wait(forLastRow: "draft")
      try terminal.press("C-p", "C-p")
      try terminal.type("!")
      try terminal.press("Enter")
      try server.wait(toHear: "one\ntwo\ntwo\none!\n")
    }
  }

  @Test func controlDEndsTheInputAndShowsWhatTheServerStillSays() throws {
    try talk { terminal, server in
      try terminal.type("x")
      try terminal.press("C-a", "C-d", "C-d")
      // It has heard the end, and is the one that closes.
      server.say("you said nothing\nbye")
      try terminal.wait(forLastRow: "bye")
      try terminal.type("unheard")
      server.close()
      #expect(try server.program.waitForEnd() == .status(0))
      try terminal.wait("the status") {
        $0.suffix(4) == ["you said nothing", "bye", "status 0", "$"]
      }
      #expect(server.program.output.text == "")
    }
  }

  @Test func whoWaitsForTheServerIsToldSo() throws {
    try talk { terminal, _ in
      try terminal.press("C-d")
      try terminal.wait(
        forLastRow: "throng: waiting for the server to close (Ctrl-C leaves)")
      try terminal.press("C-c")
      try terminal.wait(forRow: "status 130")
    }
  }

  @Test func controlCEmptiesTheLineAndThenLeaves() throws {
    try talk { terminal, server in
      try terminal.type("a secret")
      try terminal.wait(forLastRow: "a secret")
      try terminal.press("C-c")
      try terminal.wait(forLastRow: "welcome")
      try terminal.press("C-c")
      try terminal.wait("the status") { $0 == ["welcome", "status 130", "$"] }
      #expect(server.program.output.text == "")
    }
  }

  @Test func theServersEndIsSaidAndTheLineStays() throws {
    try talk { terminal, server in
      try terminal.type("half a li")
      server.say("bye\n")
      try terminal.wait("both") { $0 == ["welcome", "bye", "half a li"] }
      server.program.kill()
      try terminal.wait("the end") {
        $0 == [
          "welcome", "bye", "half a li", "throng: the server has closed the connection", "status 0",
          "$",
        ]
      }
    }
  }

  @Test func wideAndCombiningCharactersAreEdited() throws {
    try talk { terminal, server in
      try terminal.type("世界e\u{301}🎉")
      try terminal.press("Left", "Left", "Left")
      try terminal.wait("the cursor") { _ in try terminal.cursor == "2,1" }
      try terminal.type("x")
      try terminal.press("Right", "DC", "End", "BSpace")
      try terminal.wait(forLastRow: "世x界")
      try terminal.press("Enter")
      try server.wait(toHear: "世x界\n")
    }
  }

  /// A conversation that has filled the screen, and a line that is wider than the terminal.
  private func talkAtLength(
    _ body: (TerminalSession, ScriptedServer, _ said: [String], _ text: String) throws -> Void
  ) throws {
    try talk { terminal, server in
      let said = (0..<30).map { "line \($0)" }
      server.say(said.joined(separator: "\n") + "\n")
      let text = (0..<12).map { "word\($0)" }.joined(separator: " ")
      try terminal.type(text)
      try terminal.wait("the text below what was said") {
        $0.suffix(2).first == said.last && $0.last?.hasSuffix("word11") == true
      }
      try body(terminal, server, ["welcome"] + said, text)
      try terminal.press("Enter")
      try server.wait(toHear: text + "\n")
    }
  }

  @Test func aLongLineScrollsAndSurvivesAnyWidth() throws {
    try talkAtLength { terminal, server, said, text in
      var said = said
      for width in [20, 37, 60, 30, 59, 12, 80, 29, 73, 72] {
        try terminal.resize(columns: width)
        try terminal.wait("the row after resizing") { $0.last?.hasSuffix("word11") == true }
        said.append("at \(width)")
        server.say("at \(width)\n")
        try terminal.wait("the row after the line") {
          $0.contains("at \(width)") && $0.last?.hasSuffix("word11") == true
        }
      }
      try terminal.resize(columns: 100)
      try terminal.wait(forLastRow: text)
      // A terminal that breaks a row which has become too long keeps its first part.
      let seen = try terminal.everything.filter { row in
        ["welcome", "line", "at "].contains { row.hasPrefix($0) }
      }
      #expect(seen == said)
    }
  }

  /// The terminal is resized first and we hear of it later: what is drawn in between is drawn for a
  /// width that is not true any more.
  @Test func nothingThatTheServerSaysIsLostInResizing() throws {
    try talkAtLength { terminal, server, said, text in
      let widths = (0..<12).map { 20 + $0 * 29 % 60 }
      for width in widths {
        server.say("before \(width)\n")
        try terminal.resize(columns: width)
        server.say("after \(width)\n")
      }
      try terminal.resize(columns: 100)
      try terminal.wait("the end") { $0.last == text && $0.contains("after \(widths[11])") }
      let seen = try terminal.everything.filter { row in
        ["welcome", "line", "before", "after"].contains { row.hasPrefix($0) }
      }
      #expect(seen == said + widths.flatMap { ["before \($0)", "after \($0)"] })
    }
  }

  @Test func severalPastedLinesWaitForEnter() throws {
    try talk { terminal, server in
      try terminal.paste("one\ntwo\nthree")
      try terminal.wait(forLastRow: "one↵two↵three")
      #expect(server.program.output.text == "")
      try terminal.press("Enter")
      try server.wait(toHear: "one\ntwo\nthree\n")
      try terminal.wait("the lines") { $0.suffix(3) == ["one", "two", "three"] }
      try terminal.paste("four\n")
      try terminal.press("Enter")
      try server.wait(toHear: "one\ntwo\nthree\nfour\n")
    }
  }

  @Test func whatIsTooLongIsRefusedWithTheRemedy() throws {
    try talk("--line-limit 10") { terminal, server in
      try terminal.paste("12345678901")
      try terminal.wait(
        forRow: "throng: a line is at most 10 bytes")
      try terminal.paste("1234567890")
      try terminal.press("Enter")
      try server.wait(toHear: "1234567890\n")
    }
  }

  @Test func escapesFromTheServerAreShownAndNotObeyed() throws {
    try talk { terminal, server in
      server.say("\u{1b}[2Jcleared?\u{7}\r\n\u{9b}31m")
      try terminal.wait("the escapes") {
        $0 == ["welcome", #"\x1b[2Jcleared?\x07"#, #"\u{9b}31m"#]
      }
    }
  }

  @Test func aCleanScreenKeepsTheLine() throws {
    try talk { terminal, _ in
      try terminal.type("typing")
      try terminal.wait(forLastRow: "typing")
      try terminal.press("C-l")
      try terminal.wait("an empty screen") { $0 == ["typing"] }
    }
  }
}
