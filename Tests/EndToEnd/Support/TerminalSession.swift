// A shell in a real terminal (tmux), with a scripted user who waits for what the terminal shows.

import Foundation
import TestSupport
import Testing

/// One pane of a tmux server of its own.
struct TerminalSession {
  /// The directory of the shell, for files.
  let directory: URL
  private let socket: String
  /// Hears of everything that is written to the pane, so that no polling is needed.
  private let watcher: Program

  /// - Parameter size: columns and rows.
  static func run(
    size: (Int, Int) = (60, 20), _ body: (TerminalSession) throws -> Void
  ) throws {
    let directory = URL(fileURLWithPath: temporaryPath())
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let socket = directory.appending(path: "tmux").path
    // As a child and not a daemon, which would outlive a test that fails.
    let server = try Program(
      "/usr/bin/env",
      environment + ["tmux", "-D", "-f", "/dev/null", "-S", socket])
    defer { server.kill() }
    try waitForServer(socket)
    try tmux(
      socket,
      [
        "new-session", "-d", "-x", "\(size.0)", "-y", "\(size.1)", "-c", directory.path,
        "PS1='$ ' THRONG='\(ThrongProgram.path)' exec bash --norc --noprofile",
      ])
    let watcher = try Program(
      "/usr/bin/env",
      environment + ["tmux"] + flags(socket) + ["-C", "attach", "-f", "ignore-size"])
    defer { watcher.kill() }
    let session = TerminalSession(directory: directory, socket: socket, watcher: watcher)
    try session.wait("the shell's prompt") { $0.last == "$" }
    try body(session)
  }

  // MARK: At the keyboard

  func type(_ text: String) throws { try Self.tmux(socket, ["send-keys", "-l", "--", text]) }

  /// Keys by tmux's names: `Enter`, `C-a`, `M-b`, `Left`.
  func press(_ keys: String...) throws { try Self.tmux(socket, ["send-keys"] + keys) }

  /// Types a command for the shell.
  func command(_ text: String) throws {
    try type(text)
    try press("Enter")
  }

  /// As from the terminal's clipboard, between marks.
  func paste(_ text: String) throws {
    try Self.tmux(socket, ["set-buffer", "--", text])
    try Self.tmux(socket, ["paste-buffer", "-p"])
  }

  func resize(columns: Int) throws {
    try Self.tmux(socket, ["resize-window", "-x", "\(columns)"])
  }

  // MARK: What is seen

  /// The rows of the terminal down to the last one with text.
  var screen: [String] { get throws { try capture([]) } }

  /// The same with the rows that have gone out at the top; rows that were broken by the width are
  /// joined.
  var everything: [String] { get throws { try capture(["-S", "-", "-J"]) } }

  /// The column and row of the cursor, from 0.
  var cursor: String {
    get throws {
      try Self.tmux(socket, ["display-message", "-p", "#{cursor_x},#{cursor_y}"])
        .trimmingCharacters(in: .newlines)
    }
  }

  /// Waits until the screen is as it should be.
  func wait(_ what: String, until isComplete: ([String]) throws -> Bool) throws {
    while true {
      let seen = watcher.output.data.count
      if try isComplete(screen) { return }
      do {
        try watcher.output.wait { $0.utf8.count > seen }
      } catch is TestFailure {
        throw TestFailure("\(what) did not come; this was seen: \(try screen)")
      }
    }
  }

  /// Waits until the last row is the text.
  func wait(forLastRow text: String) throws {
    try wait("'\(text)' as the last row") { $0.last == text }
  }

  /// Waits until a row is the text.
  func wait(forRow text: String) throws {
    try wait("the row '\(text)'") { $0.contains(text) }
  }

  private func capture(_ flags: [String]) throws -> [String] {
    let text = try Self.tmux(socket, ["capture-pane", "-p"] + flags)
    var rows = text.split(separator: "\n", omittingEmptySubsequences: false).map { row in
      String(row.reversed().drop { $0 == " " }.reversed())
    }
    while rows.last == "" { rows.removeLast() }
    return rows
  }

  // In a terminal, Swift's backtrace would ask for a key.
  private static let environment = [
    "-u", "TMUX", "LC_ALL=C.UTF-8", "SWIFT_BACKTRACE=enable=no",
  ]

  /// Of every call that is not to start a server.
  private static func flags(_ socket: String) -> [String] { ["-N", "-S", socket] }

  private static func waitForServer(_ socket: String) throws {
    let deadline = Date() + Program.patience
    while Date() < deadline {
      let attempt = try Program(
        "/usr/bin/env", environment + ["tmux"] + flags(socket) + ["show-options", "-s"])
      defer { attempt.kill() }
      if try attempt.waitForEnd() == .status(0) { return }
    }
    throw TestFailure("tmux did not start")
  }

  @discardableResult
  private static func tmux(_ socket: String, _ arguments: [String]) throws -> String {
    let output = try Program.run("env", environment + ["tmux"] + flags(socket) + arguments)
    return String(decoding: output, as: UTF8.self)
  }
}

/// A server that says what a test says, and lets it see what the client says.
struct ScriptedServer {
  let program: Program
  let port: String

  /// Serves one client while the body runs.
  static func run(_ body: (ScriptedServer) throws -> Void) throws {
    // After one side has ended, the other has longer than any test waits.
    let program = try Program(
      "/usr/bin/env", ["socat", "-d", "-d", "-t", "60", "-", "TCP4-LISTEN:0,bind=127.0.0.1"])
    defer { program.kill() }
    let line = try program.errors.wait(for: "listening on")
    let port = try #require(line.split(separator: ":").last)
    try body(ScriptedServer(program: program, port: String(port)))
  }

  func say(_ text: String) { program.write(text) }
  func close() { program.closeInput() }
  func wait(toHear text: String) throws { try program.output.wait { $0 == text } }
}
