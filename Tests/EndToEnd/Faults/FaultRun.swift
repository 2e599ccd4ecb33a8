// One run of the table: a model, a handler and a fault, and what must hold in spite of it.

import Foundation
import TestSupport
import Testing

struct FaultRun: CustomTestStringConvertible, Sendable {
  let model: [String]
  let handler: String
  /// One fault, or several that must all happen.
  let fault: String
  /// Whether a client may lose its connection over it. None may receive wrong bytes.
  let mayLoseClients: Bool
  let seed: UInt64

  var testDescription: String {
    "\(fault) \(handler) \(model.joined(separator: " ")) seed \(seed)"
  }

  private static let clients = 6
  private static let mostRounds = 40
  /// Small buffers: the server has to wait for its clients.
  private static let flags = [
    "--send-buffer", "4096", "--receive-buffer", "4096", "--linger-timeout", "500ms",
  ]
  private static let mostMemoryGained = 64 << 20

  /// The fault happens while clients are served; afterwards the server is as it was before.
  func checkServing() throws {
    let faulty = try FaultyProgram(fault, seed: seed)
    try faulty.serve(["--handler", handler] + model + Self.flags) { server in
      let process = ProcessState(identifier: server.program.identifier)
      var seeds = SeededGenerator(seed: seed)
      try expectServed(server, seed: seeds.next(), "before")
      let before = (descriptors: process.descriptors, memory: process.memory)
      try causeFaults(faulty, server, &seeds)
      try expectServed(server, seed: seeds.next(), "afterwards")
      try expectTidy(server, process, before.descriptors, seed: seeds.next())
      #expect(process.memory - before.memory < Self.mostMemoryGained)
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0), "\(server.program.errors.text)")
    }
  }

  /// The fault happens from SIGTERM on, with clients that stay and one that does not read.
  func checkDraining() throws {
    let faulty = try FaultyProgram(fault, seed: seed)
    let flags = ["--handler", handler, "--drain-timeout", "1s", "--flush-timeout", "1s"]
    try faulty.serve(flags + model + Self.flags) { server in
      let port = try #require(UInt16(server.port))
      let clients = try (0..<Self.clients).map { _ in try EchoTraffic.connection(to: port) }
      defer { for descriptor in clients { close(descriptor) } }
      for descriptor in clients { try EchoTraffic.exchange(1, on: descriptor) }
      try EchoTraffic.sendUnread(on: clients[0])
      faulty.board.isOn = true
      server.program.send(SIGTERM)
      let end = try server.program.waitForEnd()
      #expect([.status(0), .status(1)].contains(end), "\(server.program.errors.text)")
      #expect(faulty.board.faults() > 0)
    }
  }

  private func causeFaults(
    _ faulty: FaultyProgram, _ server: ServeProgram, _ seeds: inout SeededGenerator
  ) throws {
    faulty.board.isOn = true
    var rounds = 0
    repeat {
      let outcomes = try EchoTraffic.run(
        port: server.port, clients: Self.clients, seed: seeds.next())
      for outcome in outcomes {
        #expect(outcome == .complete || mayLoseClients && outcome.isLost, "\(outcome)")
      }
      rounds += 1
    } while !faulty.haveAllHappened && rounds < Self.mostRounds
    faulty.board.isOn = false
    #expect(
      faulty.haveAllHappened, "of \(faulty.board.calls()) calls \(faulty.board.faults()) failed")
  }

  private func expectServed(_ server: ServeProgram, seed: UInt64, _ when: String) throws {
    let outcomes = try EchoTraffic.run(port: server.port, clients: 2, seed: seed)
    #expect(outcomes == [.complete, .complete], "\(when): \(server.program.errors.text)")
  }

  /// No descriptor is left of a client that has gone. One client after the other, until the server has
  /// come so far.
  private func expectTidy(
    _ server: ServeProgram, _ process: ProcessState, _ descriptors: Int, seed: UInt64
  ) throws {
    let deadline = Date() + Program.patience
    var seeds = SeededGenerator(seed: seed)
    while process.descriptors > descriptors, Date() < deadline {
      _ = try EchoTraffic.run(port: server.port, clients: 1, largest: 2, seed: seeds.next())
    }
    #expect(process.descriptors <= descriptors)
  }
}
