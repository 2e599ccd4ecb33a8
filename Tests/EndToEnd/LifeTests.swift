// Stopping, and running out of descriptors.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct LifeTests {
  @Test(arguments: everyModel, [SIGTERM, SIGINT, SIGHUP])
  func aSignalDrainsAndIsASuccess(model: [String], signal: Int32) throws {
    try ServeProgram.run(["--handler", "echo"] + model) { server in
      let client = try Program("/usr/bin/env", ["nc", "-N", "127.0.0.1", server.port])
      defer { client.kill() }
      client.write("before\n")
      try client.output.wait { $0 == "before\n" }
      server.program.send(signal)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  /// The signal comes before the loop looks for it.
  @Test func aSignalRightAfterTheAnnouncementDrainsToo() throws {
    for _ in 0..<20 {
      try ServeProgram.run([]) { (server) throws in
        server.program.send(SIGTERM)
        #expect(try server.program.waitForEnd() == .status(0))
      }
    }
  }

  /// A lost terminal may send it twice.
  @Test func aSecondSIGHUPDoesNotResetClients() throws {
    let flags = ["--handler", "echo", "--drain-timeout", "1h", "--linger-timeout", "1h"]
    try ServeProgram.run(flags) { server in
      let client = try PythonClient.start(server, PythonClient.neverReads)
      defer { client.kill() }
      try client.output.wait(for: "sent")
      server.program.send(SIGHUP)
      try server.program.errors.wait(for: "draining")
      server.program.send(SIGHUP)
      // Shows that the second SIGHUP has been read: signals are read in the order of their numbers.
      server.program.send(SIGUSR1)
      try server.program.errors.wait(for: "event loop: ")
      #expect(!server.program.errors.text.contains("resetting"))
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
    }
  }

  @Test(arguments: everyModel)
  func underNohupSIGHUPIsIgnored(model: [String]) throws {
    try ServeProgram.run(["--handler", "echo"] + model, prefix: "trap '' HUP;") { (server) throws in
      server.program.send(SIGHUP)
      #expect(try server.netcat("after\n") == "after\n")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      #expect(!server.program.errors.text.contains("draining"))
    }
  }

  @Test(arguments: everyModel)
  func aSecondSignalResetsWhoDoesNotFinish(model: [String]) throws {
    let flags = ["--handler", "echo", "--drain-timeout", "1h", "--linger-timeout", "1h"]
    try ServeProgram.run(flags + model) { server in
      let client = try PythonClient.start(server, PythonClient.neverReads)
      defer { client.kill() }
      try client.output.wait(for: "sent")
      server.program.send(SIGTERM)
      try server.program.errors.wait(for: "draining")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(1))
    }
  }

  @Test(arguments: everyModel)
  func outOfDescriptorsItPausesSaysSoOnceAndGoesOn(model: [String]) throws {
    try ServeProgram.run(["--handler", "echo"] + model, prefix: "ulimit -n 64;") { server in
      let clients = try PythonClient.start(server, PythonClient.tooManyConnections)
      defer { clients.kill() }
      try clients.output.wait(for: "served")
      try server.program.errors.wait(for: "cannot accept: ")
      let warnings = server.program.errors.lines.filter { $0.contains("cannot accept: ") }
      // Each loop notices for itself.
      #expect((1...2).contains(warnings.count), "\(server.program.errors.text)")
      clients.write("\n")
      try clients.output.wait(for: "late")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }
}
