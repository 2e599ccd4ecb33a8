// `--metrics` of the built command, asked with curl(1).

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct MetricsTests {
  @Test func theCommandServesItsMetrics() throws {
    try ServeProgram.run(["--handler", "echo", "--metrics", "0"]) { (server) throws in
      #expect(try server.netcat("hello\n") == "hello\n")
      let page = try Self.page(of: server)
      #expect(try Self.get("\(page)metrics").contains("\nthrong_downstream_cx_total 1\n"))
      #expect(try Self.get("\(page)healthz") == "ok\n")
      #expect(try Self.get(page).hasPrefix("<!DOCTYPE html>"))
    }
  }

  /// The process ended before the loop of the metrics had removed it.
  @Test func aStopRemovesTheFileOfTheSocket() throws {
    let path = temporaryPath()
    try ServeProgram.run(["--handler", "echo", "--metrics", path]) { (server) throws in
      try server.program.errors.wait(for: "metrics on \(path)")
      #expect(access(path, F_OK) == 0)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      #expect(access(path, F_OK) != 0)
    }
  }

  /// While the server drains it is no more to be sent clients, but can still be watched.
  @Test func aDrainingServerIsNotHealthy() throws {
    let flags = ["--handler", "echo", "--metrics", "0", "--drain-timeout", "1h"]
    try ServeProgram.run(flags) { (server) throws in
      let client = try PythonClient.start(server, Self.sendsAndNeverReads)
      defer { client.kill() }
      let page = try Self.page(of: server)
      let hasLargest = "\"largest\":[{\"id\":1,"
      try eventually("the server has queued bytes for it") {
        try Self.get("\(page)connections.json").contains(hasLargest)
      }
      server.program.send(SIGTERM)
      try server.program.errors.wait(for: "draining, connections open: 1")
      #expect(try Self.get("\(page)healthz", "-w", "%{http_code}") == "not serving\n503")
      #expect(try Self.get("\(page)connections.json").contains(hasLargest))
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
    }
  }

  @Test func aTakenPortIsAnErrorWithItsRemedy() throws {
    try ServeProgram.run(["--handler", "echo"]) { (server) throws in
      let (end, _, errors) = try ThrongProgram.run([
        "serve", "--unix", "@\(temporaryPath())", "--metrics", server.port,
      ])
      #expect(end == .status(1))
      #expect(errors.contains("cannot serve metrics: cannot listen on 127.0.0.1:\(server.port)"))
      #expect(errors.contains("--metrics"))
    }
  }

  /// More than the kernels of both sides take.
  private static let sendsAndNeverReads = """
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.sendall(bytes(64 << 20))
    """

  private static func page(of server: ServeProgram) throws -> String {
    let line = try server.program.errors.wait(for: "metrics on http://")
    guard let page = line.split(separator: " ").last else { throw TestFailure("no page") }
    return String(page)
  }

  private static func get(_ address: String, _ flags: String...) throws -> String {
    String(decoding: try Program.run("curl", ["-s"] + flags + [address]), as: UTF8.self)
  }
}
