// `--exec`: what holds a client's connection and its place, and how programs learn that the server stops.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ExecLifetimeTests {
  /// The end of the program was the end of the connection, and what it had left running could not answer.
  /// The second script shows that the log's pipe is not what the connection's end is known by.
  @Test(arguments: everyModel, ["", "2>/dev/null"])
  func whatAProgramHasLeftRunningStillAnswers(model: [String], redirection: String) throws {
    let late = try Fifo()
    defer { late.remove() }
    let script = "echo early; cat \(late.path) \(redirection) &"
    let flags = ["--exec-shell", script, "--log-level", "debug", "--max-children", "1"]
    try ServeProgram.run(flags + model) { (server) throws in
      let client = try Program(
        "/usr/bin/env", ["nc", "-N", "127.0.0.1", server.port], input: Data())
      defer { client.kill() }
      try server.program.errors.wait(for: "has ended and left processes")
      // They hold the place.
      let second = try Program("/usr/bin/env", ["nc", "127.0.0.1", server.port])
      defer { second.kill() }
      try server.program.errors.wait(for: "accepting paused")
      try late.write("late\n")
      #expect(try client.waitForEnd() == .status(0))
      #expect(client.output.text == "early\nlate\n")
      try second.output.wait(for: "early")
      try late.write("")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  /// As with inetd(8), the client does not wait for a process that has closed the socket.
  @Test(arguments: everyModel)
  func aProcessThatHasClosedTheSocketKeepsNoClientWaiting(model: [String]) throws {
    let never = try Fifo()
    defer { never.remove() }
    let script = "cat \(never.path) >/dev/null & echo done"
    try ServeProgram.run(["--exec-shell", script, "--drain-timeout", "0s"] + model) {
      (server) throws in
      #expect(try server.netcat("") == "done\n")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
    }
  }

  @Test(arguments: everyModel)
  func whatAProgramHasLeftRunningEndsAtTheDrainDeadline(model: [String]) throws {
    let script = "trap '' TERM; sleep 1000 & echo $!"
    let flags = ["--exec-shell", script, "--drain-timeout", "100ms", "--log-level", "debug"]
    try ServeProgram.run(flags + model) { (server) throws in
      let client = try Program("/usr/bin/env", ["nc", "127.0.0.1", server.port])
      defer { client.kill() }
      try client.output.wait { $0.hasSuffix("\n") }
      let left = pid_t(client.output.text.trimmingCharacters(in: .whitespacesAndNewlines))
      try server.program.errors.wait(for: "has ended and left processes")
      server.program.send(SIGTERM)
      _ = try server.program.waitForEnd()
      let identifier = try #require(left)
      try eventually("the process has ended") { kill(identifier, 0) != 0 && errno == ESRCH }
    }
  }

  /// A program that reads until the end of its input ends by itself then.
  @Test(arguments: everyModel, [false, true])
  func aDrainEndsTheInputOfPrograms(model: [String], isSecure: Bool) throws {
    let security = isSecure ? try SecureServer.flags() : []
    let script = "cat; echo bye"
    try ServeProgram.run(["--exec-shell", script] + security + model) { (server) throws in
      let client =
        isSecure
        ? try Program(ThrongProgram.path, SecureServer.connect(server))
        : try Program("/usr/bin/env", ["nc", "127.0.0.1", server.port])
      defer { client.kill() }
      client.write("hello\n")
      try client.output.wait(for: "hello")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      try client.output.wait { $0 == "hello\nbye\n" }
    }
  }
}

/// A named pipe that a test and a program meet at (fifo(7)).
private struct Fifo {
  let path = temporaryPath()

  init() throws {
    try check(mkfifo(path, 0o600) == 0, "mkfifo: \(String(cString: strerror(errno)))")
  }

  /// Waits for a reader.
  func write(_ text: String) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  func remove() { unlink(path) }
}
