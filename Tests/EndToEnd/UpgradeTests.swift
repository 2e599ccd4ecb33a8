// Upgrades in place and restarts: clients notice nothing, and a new process that fails changes nothing.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct UpgradeTests {
  /// Clients connect all the time; the script ends with status 1 if one was refused, reset or not answered.
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Benchmarks/upgrade/upgrade.py").standardized.path

  private func run(_ flags: [String]) throws {
    let program = try Program(
      "/usr/bin/env", ["python3", Self.script, ThrongProgram.path, "--rate", "200"] + flags)
    defer { program.kill() }
    let end = try program.waitForEnd()
    #expect(end == .status(0), "\(program.output.text)\(program.errors.text)")
  }

  @Test func clientsNoticeNothingOfUpgrades() throws {
    // More loops than before, fewer, and the same number.
    try run(["--upgrades", "6", "--loops", "2,4,1,1,3,2"])
  }

  @Test func aNewProcessThatIsKilledChangesNothing() throws {
    try run(["--upgrades", "10", "--loops", "2,1", "--kill"])
  }

  @Test func clientsNoticeNothingOfRestartsWithKeptSockets() throws {
    try run(["--restarts", "5", "--loops", "1,2"])
  }

  /// The server's command line, started again, is this script.
  private func withScript(
    _ flags: String, second: String, _ body: (Program, String) throws -> Void
  ) throws {
    let path = temporaryPath()
    let marker = path + ".started"
    let text = """
      #!/bin/bash
      if [ -e '\(marker)' ]; then \(second); fi
      touch '\(marker)'
      exec -a "$0" '\(ThrongProgram.path)' serve --handler echo \(flags)
      """
    // By another program: a file that is open for writing cannot be executed, and programs that other tests
    // start at this moment would inherit a descriptor of this process.
    _ = try Program.run(
      "sh", ["-c", "cat > \"$0\" && chmod 755 \"$0\"", path], input: Data(text.utf8))
    defer {
      try? FileManager.default.removeItem(atPath: path)
      try? FileManager.default.removeItem(atPath: marker)
    }
    let program = try Program(path, [])
    defer { program.kill() }
    try program.errors.wait(for: "listening on ")
    try body(program, path)
  }

  private func expectEcho(_ server: Program) throws {
    let line = try server.errors.wait(for: "listening on ")
    let port = line.split(separator: " ")[2].split(separator: ":").last.map(String.init) ?? ""
    let answer = try Program.run("nc", ["-N", "127.0.0.1", port], input: Data("hello".utf8))
    #expect(String(decoding: answer, as: UTF8.self) == "hello")
  }

  @Test func aNewProcessThatDoesNotServeInTimeIsKilled() throws {
    let flags = "--listen 127.0.0.1:0 --upgrade-timeout 300ms"
    try withScript(flags, second: "exec sleep 1000") { server, _ in
      server.send(SIGUSR2)
      try server.errors.wait(
        for: "did not serve within 0.3 seconds, and was killed (raise --upgrade")
      try expectEcho(server)
      server.send(SIGTERM)
      #expect(try server.waitForEnd() == .status(0))
    }
  }

  @Test func aNewProcessThatEndsIsReportedWithItsStatus() throws {
    try withScript("--listen 127.0.0.1:0", second: "exit 7") { server, path in
      server.send(SIGUSR2)
      try server.errors.wait(for: "ended before it served (exit status 7); this process continues")
      try FileManager.default.removeItem(atPath: path)
      server.send(SIGUSR2)
      try server.errors.wait(for: "upgrade failed: cannot start \(path): no such file or directory")
      try expectEcho(server)
    }
  }

  @Test func aStopEndsTheProcessThatWasToTakeOver() throws {
    try withScript("--listen 127.0.0.1:0", second: "exec sleep 1000") { server, _ in
      server.send(SIGUSR2)
      try server.errors.wait(for: "upgrade: started a new process")
      server.send(SIGTERM)
      #expect(try server.waitForEnd() == .status(0))
      #expect(server.errors.text.contains("upgrade failed: the server is stopping"))
    }
  }

  /// The process that takes over has the socket file, and removes it at its own end.
  @Test func theLastOwnerRemovesASocketFile() throws {
    let path = temporaryPath()
    try withScript("--listen \(path)", second: ":") { server, _ in
      server.send(SIGUSR2)
      let line = try server.errors.wait(for: "serves; draining")
      let successor = pid_t(line.split(separator: "process ")[1].split(separator: " ")[0]) ?? 0
      #expect(try server.waitForEndOfProcess() == .status(0))
      defer { kill(successor, SIGTERM) }
      let answer = try Program.run(
        "socat", ["-t20", "-", "UNIX-CONNECT:\(path)"], input: Data("hello".utf8))
      #expect(String(decoding: answer, as: UTF8.self) == "hello")
      kill(successor, SIGTERM)
      // It has the server's standard error: that ends with it.
      #expect(try server.waitForEnd() == .status(0))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
