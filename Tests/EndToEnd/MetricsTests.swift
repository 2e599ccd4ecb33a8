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

  /// While the server drains it is no more to be sent clients, but can still be watched.
  @Test func aDrainingServerIsNotHealthy() throws {
    let flags = [
      "--handler", "echo", "--metrics", "0", "--drain-timeout", "1h", "--linger-timeout", "1h",
    ]
    try ServeProgram.run(flags) { (server) throws in
      let client = try PythonClient.start(server, PythonClient.neverReads)
      defer { client.kill() }
      try client.output.wait(for: "sent")
      server.program.send(SIGTERM)
      try server.program.errors.wait(for: "draining, connections open: 1")
      let page = try Self.page(of: server)
      #expect(try Self.get("\(page)healthz", "-w", "%{http_code}") == "not serving\n503")
      #expect(try Self.get("\(page)connections.json").contains("\"oldest\":[{\"id\":1,"))
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

  private static func page(of server: ServeProgram) throws -> String {
    let line = try server.program.errors.wait(for: "metrics on http://")
    guard let page = line.split(separator: " ").last else { throw TestFailure("no page") }
    return String(page)
  }

  private static func get(_ address: String, _ flags: String...) throws -> String {
    String(decoding: try Program.run("curl", ["-s"] + flags + [address]), as: UTF8.self)
  }
}
