// `throng serve --work` and `--block`: what they cost, and which clients they hold up.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct WorkloadTests {
  /// How long it takes until 10 clients, who send at one time, have their replies.
  private func timeOfTen(_ flags: [String]) throws -> Double {
    var time = 0.0
    try ServeProgram.run(["--handler", "echo"] + flags) { server in
      let crowd = try PythonClient.start(
        server,
        """
        import time
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        start = time.monotonic()
        for c in clients: c.sendall(b"x")
        for c in clients: assert c.recv(1) == b"x"
        print("took", time.monotonic() - start)
        """)
      defer { crowd.kill() }
      let line = try crowd.output.wait(for: "took")
      time = try #require(line.split(separator: " ").last.flatMap { Double($0) })
    }
    return time
  }

  @Test func aHandlerThatBlocksHoldsUpAReactorButNotThreads() throws {
    let block = ["--block", "500ms"]
    #expect(try timeOfTen(block) >= 5)
    // Threads block at the same time; a busy machine may add seconds.
    let alone = try timeOfTen(block + ["--mode", "thread-per-client"])
    #expect(alone >= 0.5 && alone < 5)
  }

  /// In the release build too, where there is one: a compiler may not find the work superfluous.
  @Test(arguments: ["echo", "event-echo"])
  func aHandlerThatWorksTakesAsMuchProcessorTimeAsItIsTold(handler: String) throws {
    let path = ThrongProgram.releasePath ?? ThrongProgram.path
    try ServeProgram.run(["--handler", handler, "--work", "20ms"], path: path) { server in
      let client = try PythonClient.start(
        server,
        """
        s = socket.create_connection(("127.0.0.1", port))
        for _ in range(25):
            s.sendall(b"x")
            assert s.recv(1) == b"x"
        """)
      defer { client.kill() }
      #expect(try client.waitForEnd() == .status(0), "\(client.errors.text)")
      let seconds = try server.program.processorSeconds
      #expect(seconds >= 0.5 && seconds < 0.9)
    }
  }
}

extension Program {
  /// User and system time so far (proc(5)).
  fileprivate var processorSeconds: Double {
    get throws {
      let text = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
      let fields = text.split(separator: " ")
      let ticks = try fields[13...14].map { try #require(Double($0)) }.reduce(0, +)
      return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
  }
}
