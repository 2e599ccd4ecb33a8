// The metrics of a server that hands over to a new process.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct MetricsUpgradeTests {
  /// Otherwise the new process could not listen there, and the upgrade would fail.
  @Test func theNewProcessTakesTheMetricsOver() throws {
    let path = temporaryPath()
    try ServeProgram.run(["--handler", "echo", "--metrics", path]) { (server) throws in
      server.program.send(SIGUSR2)
      let line = try server.program.errors.wait(for: "serves; draining")
      let successor = pid_t(line.split(separator: "process ")[1].split(separator: " ")[0]) ?? 0
      #expect(try server.program.waitForEndOfProcess() == .status(0))
      defer { kill(successor, SIGTERM) }
      let text = try Program.run("curl", ["-s", "--unix-socket", path, "http://x/healthz"])
      #expect(String(decoding: text, as: UTF8.self) == "ok\n")
      kill(successor, SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }
}
