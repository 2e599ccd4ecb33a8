// However `throng connect` ends or stops, the terminal is as it was; and where there is none, nothing
// is edited.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct TerminalRestoringTests {
  /// What ends a conversation.
  enum Ending: CaseIterable, Sendable {
    case controlD, controlC, controlBackslash, server
    case interrupt, terminate, hangUp, crash, abort

    var signal: String? {
      switch self {
      case .interrupt: "INT"
      case .terminate: "TERM"
      case .hangUp: "HUP"
      case .crash: "SEGV"
      case .abort: "ABRT"
      default: nil
      }
    }

    var status: Int {
      switch self {
      case .controlD, .server: 0
      case .controlC, .interrupt: 128 + 2
      case .controlBackslash: 128 + 3
      case .terminate: 128 + 15
      case .hangUp: 128 + 1
      case .crash: 128 + 11
      case .abort: 128 + 6
      }
    }
  }

  /// The modes of the terminal before and while the command runs, and whatever follows.
  private static func command(_ port: String, _ flags: String = "") -> String {
    "clear; stty -a > before; (echo $BASHPID > pid; exec $THRONG connect 127.0.0.1 \(port) \(flags));"
      + " echo status $?; stty -a | cmp - before && echo restored"
  }

  @Test(arguments: Ending.allCases)
  func theTerminalIsAsItWas(ending: Ending) throws {
    try ScriptedServer.run { server in
      try TerminalSession.run { terminal in
        try terminal.command(Self.command(server.port))
        server.say("hello\n")
        try terminal.wait(forLastRow: "hello")
        switch ending {
        case .controlD:
          try terminal.press("C-d")
          server.close()
        case .controlC: try terminal.press("C-c")
        case .controlBackslash: try terminal.press("C-\\")
        case .server: server.program.kill()
        default: try signal(terminal, try #require(ending.signal))
        }
        try terminal.wait("the end") { $0.suffix(2) == ["restored", "$"] }
        #expect(try terminal.screen.contains { $0.hasPrefix("status \(ending.status)") })
        // The shell pastes as before, too.
        try terminal.paste("echo one\necho two")
        try terminal.press("Enter")
        try terminal.wait("the shell's answers") { $0.suffix(3) == ["one", "two", "$"] }
      }
    }
  }

  private func signal(_ terminal: TerminalSession, _ name: String) throws {
    let file = terminal.directory.appending(path: "pid")
    let pid = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    _ = try Program.run("kill", ["-\(name)", pid])
  }

  @Test(arguments: ["C-z", "TSTP", "STOP"])
  func aStoppedConversationGoesOn(how: String) throws {
    try ScriptedServer.run { server in
      try TerminalSession.run { terminal in
        try terminal.command(
          "stty -a > before; (echo $BASHPID > pid; exec $THRONG connect 127.0.0.1 \(server.port))")
        server.say("hello\n")
        try terminal.wait(forLastRow: "hello")
        try terminal.type("half a line")
        try terminal.wait(forLastRow: "half a line")
        if how == "C-z" {
          try terminal.press(how)
        } else {
          try signal(terminal, how)
        }
        try terminal.wait("the shell") { $0.last == "$" }
        try terminal.command("clear; stty -a | cmp - before && echo restored; kill -l 1")
        // After SIGSTOP it is the shell that has put the terminal right.
        try terminal.wait("the shell's answer") { $0.suffix(2) == ["HUP", "$"] }
        #expect(try terminal.screen.contains("restored"))
        server.say("meanwhile\n")
        try terminal.command("clear; fg")
        try terminal.wait("the line") { $0.suffix(2) == ["meanwhile", "half a line"] }
        try terminal.type("!")
        try terminal.press("Home")
        try terminal.type("not ")
        try terminal.press("Enter")
        try server.wait(toHear: "not half a line!\n")
        try terminal.press("C-c")
        try terminal.wait(forLastRow: "$")
      }
    }
  }

  @Test func aStoppedConversationCanBeEnded() throws {
    try ScriptedServer.run { server in
      try TerminalSession.run { terminal in
        try terminal.command("$THRONG connect 127.0.0.1 \(server.port)")
        server.say("hello\n")
        try terminal.wait(forLastRow: "hello")
        try terminal.press("C-z")
        try terminal.wait("the shell") { $0.last == "$" }
        // It may have stopped again by then, to wait for the foreground, before the shell knows.
        try terminal.command(
          "clear; bg; kill %1; kill -CONT %1 2>/dev/null; wait %1; echo status $?")
        try terminal.wait("the end") { $0.contains("status 143") }
      }
    }
  }

  @Test(arguments: ["--plain", "TERM=dumb"])
  func withoutAnEditorTheTerminalEdits(how: String) throws {
    try ScriptedServer.run { server in
      try TerminalSession.run { terminal in
        let prefix = how.contains("=") ? how : ""
        let flags = how.contains("=") ? "" : how
        try terminal.command(
          "clear; \(prefix) $THRONG connect 127.0.0.1 \(server.port) \(flags); echo status $?")
        server.say("hello\n")
        try terminal.wait(forLastRow: "hello")
        try terminal.type("ab")
        try terminal.press("C-a")
        try terminal.type("x")
        try terminal.wait(forLastRow: "ab^Ax")
        try terminal.press("Enter", "C-d")
        try server.wait(toHear: "ab\u{1}x\n")
        server.close()
        try terminal.wait(forRow: "status 0")
      }
    }
  }

  @Test func whatGoesIntoAFileIsExact() throws {
    try ScriptedServer.run { server in
      try TerminalSession.run { terminal in
        try terminal.command("$THRONG connect 127.0.0.1 \(server.port) > out; echo status $?")
        let said = "\u{1b}[1mbold\r\n\u{9b}"
        server.say(said)
        server.close()
        try terminal.wait(forRow: "status 0")
        let out = try Data(contentsOf: terminal.directory.appending(path: "out"))
        #expect(out == Data(said.utf8))
      }
    }
  }
}
