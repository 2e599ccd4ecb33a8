// `--exec` with TLS: programs behind pipes that the server copies.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct SecureExecTests {
  /// The program and the client both read only as they like: nothing is lost, and nothing waits for ever.
  @Test(arguments: everyModel)
  func aProgramServesEachClient(model: [String]) throws {
    try SecureServer.run(["--exec", "cat"] + model) { (server) throws in
      for text in ["first\n", "second\n", String(repeating: "long line\n", count: 100_000)] {
        #expect(try exchange(text, server) == text)
      }
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  @Test(arguments: [("--exec", "bc -q"), ("--exec-shell", "while read x; do echo $(($x)); done")])
  func calculatorsCalculate(_ flag: String, _ command: String) throws {
    try SecureServer.run([flag, command]) { (server) throws in
      #expect(try exchange("6*7\n2+2\n", server) == "42\n4\n")
    }
  }

  @Test func theEndOfAProgramEndsTheConnection() throws {
    try SecureServer.run(["--exec", "bc -q"]) { (server) throws in
      let output = try Program.run(
        "openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(server.port)"],
        input: Data("6*7\nquit\n".utf8))
      #expect(String(decoding: output, as: UTF8.self) == "42\n")
    }
  }

  /// Half-close in the other direction: the client sees the end before the program ends, which reads on.
  @Test(arguments: everyModel)
  func aProgramThatClosesItsOutputEndsTheAnswer(model: [String]) throws {
    let script = "echo answer; exec >&-; cat >&2"
    try SecureServer.run(["--exec-shell", script] + model) { (server) throws in
      let client = try PythonClient.start(server, Self.sendsAfterTheAnswer)
      defer { client.kill() }
      try server.program.errors.wait(for: "still read")
      #expect(try client.waitForEnd() == .status(0))
    }
  }

  private static let sendsAfterTheAnswer = """
    import ssl
    context = ssl._create_unverified_context()
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    assert s.recv(100) == b"answer\\n" and s.recv(100) == b""
    s.sendall(b"still read\\n")
    s.unwrap()
    """

  /// A program that does not read its input is not waited for by a client that sends more than the pipe holds.
  @Test(arguments: everyModel)
  func aProgramNeedNotReadItsInput(model: [String]) throws {
    try SecureServer.run(["--exec-shell", "exec <&-; echo answer"] + model) { (server) throws in
      let text = String(repeating: "unread\n", count: 50_000)
      #expect(try exchange(text, server) == "answer\n")
    }
  }

  @Test func theEnvironmentDescribesTheEncryption() throws {
    try SecureServer.run(["--exec", "env"]) { (server) throws in
      let client = ["--tls-name", "localhost"]
      let result = try ThrongProgram.run(SecureServer.connect(server) + client)
      let lines = Set(result.output.split(separator: "\n").map(String.init))
      for entry in [
        "PROTO=TCP", "TCPLOCALPORT=\(server.port)", "SSL_PROTOCOL=TLSv1.3",
        "SSL_CIPHER=TLS_AES_256_GCM_SHA384", "SSL_TLS_SNI=localhost",
      ] {
        #expect(lines.contains(entry), "\(entry) of \(lines)")
      }
    }
  }

  @Test(arguments: everyModel)
  func theGroupOfAProgramEndsAtTheDrainDeadline(model: [String]) throws {
    let script = "trap '' TERM; sh -c 'echo $$; exec sleep 1000'"
    let flags = ["--exec-shell", script, "--drain-timeout", "100ms"]
    try SecureServer.run(flags + model) { (server) throws in
      let client = try Program(ThrongProgram.path, SecureServer.connect(server))
      defer { client.kill() }
      try client.output.wait { $0.hasSuffix("\n") }
      let grandchild = pid_t(client.output.text.trimmingCharacters(in: .whitespacesAndNewlines))
      server.program.send(SIGTERM)
      _ = try server.program.waitForEnd()
      let identifier = try #require(grandchild)
      try eventually("the group has ended") { kill(identifier, 0) != 0 && errno == ESRCH }
    }
  }

  /// What a client that sends the text and then its end receives.
  private func exchange(_ text: String, _ server: ServeProgram) throws -> String {
    try ThrongProgram.run(SecureServer.connect(server), input: Data(text.utf8)).output
  }
}
