// Signals when handlers block, and event loops whose system calls fail.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct BlockedServerTests {
  private static let blocking = ["--block", "60s", "--drain-timeout", "200ms"]

  /// Serves with one handler that blocks for longer than the test.
  private func runBlocked(
    _ flags: [String], _ body: (ServeProgram) throws -> Void
  ) throws {
    try ServeProgram.run(Self.blocking + flags) { server in
      let client = try PythonClient.start(
        server,
        """
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"x")
        print("sent", flush=True)
        sys.stdin.readline()
        """)
      defer { client.kill() }
      try client.output.wait(for: "sent")
      try waitUntilBlocked(server)
      try body(server)
    }
  }

  /// Until a handler has been given the byte: before it returns it blocks. A blocked loop does not keep
  /// the server from reporting its metrics.
  private func waitUntilBlocked(_ server: ServeProgram) throws {
    var line = ""
    while !line.hasPrefix("received: 1 bytes") { line = try report(of: server) }
  }

  /// Until SIGTERM is no longer pending, where it would swallow a second one (proc(5), ShdPnd).
  private func waitUntilRead(_ server: ServeProgram) throws {
    let pattern = "^ShdPnd:.*[4-7c-f][0-9a-f]{3}$"
    let status = "/proc/\(server.program.identifier)/status"
    let script = "while grep -qE '\(pattern)' \(status); do :; done"
    _ = try Program.run("timeout", ["20", "sh", "-c", script])
  }

  /// Has the server report its metrics.
  /// - Returns: the line about what was received.
  private func report(of server: ServeProgram) throws -> String {
    let reports = { (text: String) in
      text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("received: ") }
    }
    let count = reports(server.program.errors.text).count
    server.program.send(SIGUSR1)
    try server.program.errors.wait { reports($0).count > count }
    return reports(server.program.errors.text)[count]
  }

  @Test(arguments: everyModel, ["echo", "event-echo"])
  func aSignalEndsAServerWhoseHandlersBlock(model: [String], handler: String) throws {
    try runBlocked(["--handler", handler] + model) { (server) throws in
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
      let sentence = server.program.errors.lines.last ?? ""
      #expect(sentence.hasPrefix("throng: stopped without"), "\(server.program.errors.text)")
    }
  }

  @Test(arguments: everyModel)
  func aSecondSignalEndsItAtOnce(model: [String]) throws {
    try runBlocked(["--handler", "echo", "--drain-timeout", "1h"] + model) { server in
      server.program.send(SIGTERM)
      try waitUntilRead(server)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
    }
  }

  @Test(arguments: everyModel)
  func anEventLoopThatCannotWaitNamesTheCallAndEndsWithStatus1(model: [String]) throws {
    try ServeProgram.run(
      ["--handler", "echo"] + model,
      wrapper: """
        strace -D -f -o /dev/null -e trace=epoll_wait -e inject=epoll_wait:error=EINVAL:when=3+
        """
    ) { server in
      let client = try PythonClient.start(
        server,
        """
        for _ in range(20):
            try:
                s = socket.create_connection(("127.0.0.1", port))
                s.sendall(b"x")
                s.recv(1)
            except OSError: break
        """)
      defer { client.kill() }
      #expect(try server.program.waitForEnd() == .status(1))
      let sentence = server.program.errors.lines.last ?? ""
      #expect(
        sentence.hasPrefix("throng: epoll_wait failed: invalid argument"),
        "\(server.program.errors.text)")
    }
  }

  /// Seccomp profiles of older container engines answer EPERM to calls that they do not know.
  @Test func theLoadGeneratorDoesWithoutAnEpollPwait2ThatIsForbidden() throws {
    let file = NSTemporaryDirectory() + "throng-pwait-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try ServeProgram.run(["--handler", "echo"]) { server in
      let bench = try Program(
        "/usr/bin/env",
        [
          "strace", "-f", "-o", file, "-e", "trace=epoll_pwait2",
          "-e", "inject=epoll_pwait2:error=EPERM", ThrongProgram.path, "bench",
          "127.0.0.1:\(server.port)", "--connections", "2", "--duration", "200ms",
          "--warmup", "0s", "--threads", "1",
        ])
      defer { bench.kill() }
      #expect(try bench.waitForEnd() == .status(0), "\(bench.errors.text)")
    }
    let calls = try String(contentsOfFile: file, encoding: .utf8)
    #expect(calls.components(separatedBy: "EPERM").count == 2, "it is tried once: \(calls)")
  }
}
