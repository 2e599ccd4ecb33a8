// `--exec`: programs that know nothing of Throng serve its clients.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ExecTests {
  @Test(arguments: everyModel)
  func aProgramServesEachClient(model: [String]) throws {
    try ServeProgram.run(["--exec", "cat"] + model) { (server) throws in
      for text in ["first\n", "second\n", String(repeating: "long line\n", count: 100_000)] {
        #expect(try server.netcat(text) == text)
      }
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  @Test(arguments: [("--exec", "bc -q"), ("--exec-shell", "while read x; do echo $(($x)); done")])
  func calculatorsCalculate(_ flag: String, _ command: String) throws {
    try ServeProgram.run([flag, command]) { (server) throws in
      #expect(try server.netcat("6*7\n2+2\n") == "42\n4\n")
    }
  }

  /// Without a shell no character is special.
  @Test func aCommandIsNoScript() throws {
    try ServeProgram.run(["--exec", "echo $HOME; exit 3 | cat"]) { (server) throws in
      #expect(try server.netcat("") == "$HOME; exit 3 | cat\n")
    }
  }

  @Test func theEnvironmentNamesBothAddresses() throws {
    try ServeProgram.run(["--exec", "env"]) { (server) throws in
      let lines = Set(try server.netcat("").split(separator: "\n").map(String.init))
      for entry in [
        "PROTO=TCP", "TCPREMOTEIP=127.0.0.1", "TCPLOCALIP=127.0.0.1", "TCPLOCALPORT=\(server.port)",
        "NCAT_REMOTE_ADDR=127.0.0.1", "NCAT_LOCAL_PORT=\(server.port)", "SOCAT_PEERADDR=127.0.0.1",
        "SOCAT_SOCKPORT=\(server.port)",
      ] {
        #expect(lines.contains(entry), "\(entry) of \(lines)")
      }
    }
  }

  /// Of ucspi-tcp: recordio(1) writes what passes through it to standard error, tcpclient(1) connects.
  @Test func programsForTcpserverServe() throws {
    // The shell waits for the client's end: recordio(1) copies in a process of its own, which may be slower.
    try ServeProgram.run(["--exec", "recordio sh -c read\tx;echo\t$TCPREMOTEIP,$x;read\ty"]) {
      (server) throws in
      let script = "echo hello >&7; head -n 1 <&6"
      let seen = try Program.run(
        "tcpclient", ["-RHl0", "127.0.0.1", server.port, "sh", "-c", script])
      #expect(String(decoding: seen, as: UTF8.self) == "127.0.0.1,hello\n")
      try server.program.errors.wait(for: "< hello")
    }
  }

  /// A server that ignores SIGPIPE and blocks signals must not pass that on (execve(2)).
  @Test func programsGetTheUsualSignals() throws {
    try ServeProgram.run(["--exec-shell", "grep -E '^Sig(Blk|Ign)' /proc/self/status"]) {
      (server) throws in
      let lines = try server.netcat("").split(separator: "\n")
      let masks = lines.map { UInt64($0.split(separator: "\t")[1], radix: 16) ?? 0 }
      try #require(masks.count == 2, "\(lines)")
      #expect(masks[0] == 0)
      #expect(masks[1] & 1 << UInt64(SIGPIPE - 1) == 0)
    }
  }

  @Test func standardErrorAndFailuresAreLogged() throws {
    try ServeProgram.run(["--exec-shell", "printf 'one\\ntwo\\33[31m' >&2; exit 7"]) {
      (server) throws in
      _ = try server.netcat("")
      let line = try server.program.errors.wait(for: "with status 7")
      #expect(line.contains("connection=1 pid="))
      #expect(server.program.errors.text.contains("info: one connection=1"))
      // What comes from a client may be in it.
      #expect(server.program.errors.text.contains("info: two\\x1b[31m connection=1"))
    }
  }

  /// Further clients wait in the accept queue.
  @Test func noMoreProgramsRunThanAllowed() throws {
    try ServeProgram.run(["--exec", "cat", "--max-children", "1"]) { (server) throws in
      let first = try Program("/usr/bin/env", ["nc", "-N", "127.0.0.1", server.port])
      defer { first.kill() }
      first.write("first\n")
      try first.output.wait(for: "first")
      let second = try Program("/usr/bin/env", ["nc", "-N", "127.0.0.1", server.port])
      defer { second.kill() }
      second.write("second\n")
      try server.program.errors.wait(for: "accepting paused")
      #expect(second.output.text.isEmpty)
      first.closeInput()
      try second.output.wait(for: "second")
    }
  }

  /// Its children do not hold a stopping server up, whatever they ignore.
  @Test(arguments: everyModel)
  func theGroupOfAProgramEndsAtTheDrainDeadline(model: [String]) throws {
    let script = "trap '' TERM; sh -c 'echo $$; exec sleep 1000'"
    let flags = ["--exec-shell", script, "--drain-timeout", "100ms"]
    try ServeProgram.run(flags + model) { (server) throws in
      let client = try Program("/usr/bin/env", ["nc", "127.0.0.1", server.port])
      defer { client.kill() }
      try client.output.wait { $0.hasSuffix("\n") }
      let grandchild = Int32(client.output.text.trimmingCharacters(in: .whitespacesAndNewlines))
      server.program.send(SIGTERM)
      _ = try server.program.waitForEnd()
      let identifier = try #require(grandchild)
      try eventually("the group has ended") { kill(identifier, 0) != 0 && errno == ESRCH }
    }
  }

  @Test(arguments: [
    (["--exec", "/nonexistent/program"], 1, "/nonexistent/program"),
    (["--exec", "no-such-program-anywhere"], 1, "no-such-program-anywhere"),
    (["--exec", " "], 64, "--exec"),
    (["--exec", "cat", "--exec-shell", "cat"], 64, "--exec-shell"),
    (["--exec", "cat", "--handler", "echo"], 64, "--handler"),
    (["--max-children", "3"], 64, "--exec"),
  ])
  func whatCannotBeMeantIsRefusedAtTheStart(
    _ flags: [String], _ status: Int32, _ mention: String
  ) throws {
    let (end, _, errors) = try ThrongProgram.run(["serve"] + flags)
    #expect(end == .status(status))
    #expect(errors.contains(mention), "\(errors)")
  }
}
