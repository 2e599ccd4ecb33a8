// `throng connect` with our server and without any server.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ConnectTests {
  @Test func itWorksInAPipe() throws {
    try ServeProgram.run([]) { server in
      let result = try ThrongProgram.run(
        ["connect", "127.0.0.1", server.port], input: Data("hello\n".utf8))
      #expect(result.end == .status(0))
      #expect(result.output == greeting + greeting && result.errors == "")
      try server.program.output.wait { $0 == "hello\n" }
    }
  }

  @Test func sendingAndReceivingDoNotBlockEachOther() throws {
    let data = Data(repeating: 0x5a, count: 32 << 20)
    try ServeProgram.run(["--handler", "echo"]) { server in
      let client = try Program(
        ThrongProgram.path, ["connect", "127.0.0.1", server.port], input: data)
      defer { client.kill() }
      #expect(try client.waitForEnd() == .status(0))
      #expect(client.output.data == data)
    }
  }

  @Test func autoIsTheTutorialsClient() throws {
    try ServeProgram.run([]) { server in
      let result = try ThrongProgram.run(
        ["connect", "127.0.0.1", server.port, "--auto", "--count", "3", "--interval", "1ms"])
      #expect(result.end == .status(0))
      #expect(result.output == greeting + greeting + greeting)
      try server.program.output.wait { $0 == "HI! I am client.HI! I am client.HI! I am client." }
    }
  }

  @Test func anotherAddressOfTheNameIsTried() throws {
    try ServeProgram.run([]) { server in
      // Where localhost is ::1 as well, no server listens there.
      let result = try ThrongProgram.run(["connect", "localhost", server.port])
      #expect(result.end == .status(0) && result.output == greeting)
    }
  }

  @Test func itTalksToUnixSockets() throws {
    let path = temporaryPath()
    try ServeProgram.run(["--unix", path]) { _ in
      let result = try ThrongProgram.run(["connect", "--unix", path])
      #expect(result.end == .status(0) && result.output == greeting)
    }
  }

  @Test func itEndsWhenTheServerCloses() throws {
    try ServeProgram.run([]) { server in
      let client = try Program(ThrongProgram.path, ["connect", "127.0.0.1", server.port])
      defer { client.kill() }
      try client.output.wait { $0 == greeting }
      server.program.send(SIGTERM)
      #expect(try client.waitForEnd() == .status(0))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsItWithTheShellsStatus(signal: Int32) throws {
    try ServeProgram.run([]) { server in
      let client = try Program(ThrongProgram.path, ["connect", "127.0.0.1", server.port])
      defer { client.kill() }
      try client.output.wait { $0 == greeting }
      client.send(signal)
      #expect(try client.waitForEnd() == .status(128 + signal))
      #expect(client.errors.text == "")
    }
  }

  /// Nothing more is received while standard output is full, but signals are heeded.
  @Test(arguments: [SIGINT, SIGTERM], [[], ["--auto"]])
  func aSignalEndsItWhileItsOutputIsNotRead(signal: Int32, flags: [String]) throws {
    let flood = "yes flood | head -c 9000000"
    let server = try Program(
      "/usr/bin/env", ["socat", "-d", "-d", "TCP4-LISTEN:0,bind=127.0.0.1", "SYSTEM:\(flood)"])
    defer { server.kill() }
    let line = try server.errors.wait(for: "listening on")
    let port = try #require(line.split(separator: ":").last)
    let client = try Program(
      ThrongProgram.path, ["connect", "127.0.0.1", String(port)] + flags,
      output: .paused(afterLines: 1))
    defer { client.kill() }
    try client.output.waitUntilFilled()
    client.send(signal)
    #expect(try client.waitForEnd() == .status(128 + signal))
    #expect(client.errors.text == "")
  }

  /// As other programs in `... | head -n 1`, which SIGPIPE ends.
  @Test(arguments: [[], ["--auto"]])
  func itEndsWithoutAWordWhenTheReaderOfItsOutputHasGone(flags: [String]) throws {
    try ServeProgram.run([]) { server in
      let client = try Program(
        ThrongProgram.path, ["connect", "127.0.0.1", server.port] + flags, output: .closed)
      defer { client.kill() }
      #expect(try client.waitForEnd() == .status(128 + SIGPIPE))
      #expect(client.errors.text == "")
    }
  }

  @Test func nobodyThereIsExplained() throws {
    var port = ""
    try ServeProgram.run([]) { port = $0.port }
    let refused = try ThrongProgram.run(["connect", "127.0.0.1", port])
    #expect(refused.end == .status(1))
    #expect(
      refused.errors == """
        throng: cannot connect to 127.0.0.1:\(port): connection refused \
        (is the server running? check the host and the port)

        """)
    let unknown = try ThrongProgram.run(["connect", "no-such-host.invalid"])
    #expect(unknown.end == .status(1))
    #expect(unknown.errors.hasPrefix("throng: cannot resolve host 'no-such-host.invalid': "))
  }
}
