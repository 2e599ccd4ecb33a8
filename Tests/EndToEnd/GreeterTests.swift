// `throng serve` without a handler flag: the tutorial's greeter, seen by clients that we did not write.

import Foundation
import TestSupport
import Testing

let greeting = "Hi! I am server\n"

@Suite(.blocking) struct GreeterTests {
  @Test(arguments: everyModel)
  func aClientIsGreetedOnceMoreForEachReceive(model: [String]) throws {
    try ServeProgram.run(model) { server in
      #expect(try server.netcat("hi\n") == greeting + greeting)
      #expect(try server.netcat("") == greeting)
      try server.program.output.wait { $0 == "hi\n" }
    }
  }

  @Test func printedDataIsOutWhileTheServerRunsAndUnchangedInAPipe() throws {
    try ServeProgram.run([]) { server in
      _ = try server.netcat("\u{1b}[31mred\r")
      try server.program.output.wait { $0 == "\u{1b}[31mred\r" }
    }
  }

  @Test func printedDataCannotControlATerminal() throws {
    let command = "exec \(ThrongProgram.path) serve --host 127.0.0.1 --port 0 2>&1"
    let program = try Program("/usr/bin/env", ["script", "-qfec", command, "/dev/null"])
    defer { program.kill() }
    // script(1) would leave the server behind: Ctrl-C stops it.
    defer {
      program.write("\u{3}")
      _ = try? program.waitForEnd()
    }
    let line = try program.output.wait(for: "listening on 127.0.0.1:")
    let port = try #require(line.split(separator: " ")[2].split(separator: ":").last)
    _ = try Program.run(
      "nc", ["-N", "127.0.0.1", String(port)], input: Data("\u{1b}[2J\u{7}\n".utf8))
    try program.output.wait(for: #"\x1b[2J\x07"#)
  }

  @Test(arguments: [[], ["--mode", "thread-per-client"]])
  func aClosedStandardOutputDisturbsNobody(model: [String]) throws {
    try ServeProgram.run(model, output: .closed) { (server) throws in
      #expect(try server.netcat("one\n") == greeting + greeting)
      #expect(try server.netcat("two\n") == greeting + greeting)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      let complaints = server.program.errors.lines.filter { $0.contains("cannot print") }
      #expect(complaints.count == 1)
    }
  }
}
