// Faults that make the server wait: accepting pauses and goes on, with the right remedy, and a process
// that was stopped for longer than a time limit serves the clients whose data has come.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct FaultPauseTests {
  /// A security module may forbid accept4(2) for good.
  @Test(arguments: everyModel)
  func anAcceptThatKeepsFailingDoesNotSpin(model: [String]) throws {
    let faulty = try FaultyProgram("accept4=EPERM/from:1")
    try faulty.serve(["--handler", "echo"] + model) { server in
      let port = try #require(UInt16(server.port))
      let early = try EchoTraffic.connection(to: port)
      defer { close(early) }
      try EchoTraffic.exchange(1, on: early)
      let began = Date()
      faulty.board.isOn = true
      let late = try EchoTraffic.connection(to: port)
      defer { close(late) }
      try server.program.errors.wait(for: "cannot accept")
      try EchoTraffic.exchange(2000, on: early)
      let calls = faulty.board.calls()
      faulty.board.isOn = false
      #expect(Double(calls) <= 300 + Date().timeIntervalSince(began) * 100, "\(calls) calls")
      try EchoTraffic.exchange(1, on: late)
      let warnings = server.program.errors.lines.filter { $0.contains("cannot accept") }
      // Each loop notices for itself.
      #expect((1...2).contains(warnings.count), "\(server.program.errors.text)")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }

  @Test(arguments: ["echo", "event-echo"])
  func outOfThreadsAcceptingPausesAndTheRemedyIsTheLimitOfThreads(handler: String) throws {
    let faulty = try FaultyProgram("pthread_create=EAGAIN/from:1")
    try faulty.serve(["--handler", handler, "--mode", "thread-per-client"]) { server in
      faulty.board.isOn = true
      let port = try #require(UInt16(server.port))
      let waiting = try (0..<3).map { _ in try EchoTraffic.connection(to: port) }
      defer { for descriptor in waiting { close(descriptor) } }
      let warning = try server.program.errors.wait(for: "accepting")
      #expect(warning.contains("ulimit -u") && !warning.contains("ulimit -n"), "\(warning)")
      faulty.board.isOn = false
      // The first may have been accepted before it was known that it has no thread.
      for descriptor in waiting.dropFirst() { try EchoTraffic.exchange(1, on: descriptor) }
    }
  }

  /// Which thread cannot be started varies; with none the server need not start.
  @Test func aPoolAnnouncesOnlyThreadsThatItHas() throws {
    var announced: [Int] = []
    for last in 1...5 {
      let faulty = try FaultyProgram("pthread_create=EAGAIN/from:\(last + 1)", fromStart: true)
      let flags = ["--handler", "echo", "--mode", "thread-pool", "--threads", "4"]
      try faulty.serve(flags) { server in
        let line = try server.program.errors.wait(for: "listening on")
        let words = line.split { " ()".contains($0) }
        let count = try #require(words.dropLast().last.flatMap { Int($0) }, "\(line)")
        let process = ProcessState(identifier: server.program.identifier)
        #expect((1...process.threads).contains(count), "\(line), \(process.threads) threads")
        announced.append(count)
        let outcomes = try EchoTraffic.run(port: server.port, clients: 4, seed: 1)
        #expect(outcomes.allSatisfy { $0 == .complete })
      }
    }
    #expect(announced == announced.sorted() && Set(announced).count > 1, "\(announced)")
  }

  /// A thread may lose the processor between the return of recv(2) and the lock of its connection.
  @Test(arguments: ["echo", "event-echo"])
  func aThreadThatIsSlowToDeliverWhatItHasReceivedIsNotTakenForASilentClient(
    handler: String
  ) throws {
    let faulty = try FaultyProgram("recv_return=HOLD/nth:2")
    let flags = ["--handler", handler, "--mode", "thread-per-client", "--idle-timeout", "4s"]
    try faulty.serve(flags) { server in
      let port = try #require(UInt16(server.port))
      faulty.board.isOn = true
      let client = try EchoTraffic.connection(to: port)
      defer { close(client) }
      try EchoTraffic.exchange(1, on: client)
      try eventually("the second receive has begun") { faulty.board.faults() == 1 }
      try EchoTraffic.send([1, 2, 3], on: client)
      // Its time limit passes after the first client's.
      let silent = try EchoTraffic.connection(to: port)
      defer { close(silent) }
      #expect(throws: TestFailure.self) { try EchoTraffic.receive(1, on: silent) }
      faulty.board.isOn = false
      #expect(try EchoTraffic.receive(3, on: client) == [1, 2, 3])
    }
  }

  /// A stopped process, a frozen container, a virtual machine that was paused.
  @Test(arguments: everyModel, ["echo", "event-echo"])
  func clientsWhoseDataHasComeAreServedAfterAStopBeyondTheIdleTimeout(
    model: [String], handler: String
  ) throws {
    let message = [UInt8](repeating: 7, count: 64)
    let flags = [
      "--handler", handler, "--idle-timeout", "3s", "--max-connections-per-address", "off",
    ]
    try ServeProgram.run(flags + model) { server in
      let port = try #require(UInt16(server.port))
      let clients = try (0..<300).map { _ in try EchoTraffic.connection(to: port) }
      defer { for descriptor in clients { close(descriptor) } }
      for descriptor in clients { try EchoTraffic.send(message, on: descriptor) }
      for descriptor in clients { _ = try EchoTraffic.receive(message.count, on: descriptor) }
      server.program.send(SIGSTOP)
      defer { server.program.send(SIGCONT) }
      for descriptor in clients { try EchoTraffic.send(message, on: descriptor) }
      // The limit has to pass while the process cannot run. Another one closes its client then.
      try ServeProgram.run(flags + model) { other in
        let idle = try EchoTraffic.connection(to: try #require(UInt16(other.port)))
        defer { close(idle) }
        #expect(throws: TestFailure.self) { try EchoTraffic.receive(1, on: idle) }
      }
      server.program.send(SIGCONT)
      let served = clients.filter { (try? EchoTraffic.receive(message.count, on: $0)) == message }
      #expect(served.count == clients.count)
    }
  }
}
