// Measurements of the server process while its clients are connected.

import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct ServerProbeTests {
  /// Per-client threads end with their connections; a later read would miss them and their context
  /// switches.
  @Test func theServerIsMeasuredBeforeItsClientsDisconnect() throws {
    // A process of its own: other tests start and end threads in this one.
    var options = Load.options(port: 0)
    options.start(
      "\(ThrongProgram.path) serve --quiet --host 127.0.0.1 --port {port} --handler echo"
        + " --mode thread-per-client")
    options.connections = 40
    let run = try Load.longEnough(options) { try LoadRunner($0).run() }.runs[0]
    #expect(run.faults.isEmpty, "\(run.faults)")
    let cost = try #require(run.server)
    #expect(cost.threads > 40)
    #expect(try #require(cost.voluntarySwitchesPerMessage) > 0)
  }

  @Test func contextSwitchesOfManyThreadsAreSampled() throws {
    let program = Process()
    let (input, output) = (Foundation.Pipe(), Foundation.Pipe())
    program.executableURL = URL(filePath: "/usr/bin/env")
    program.arguments = ["python3", "-c", Self.twentyOneThreads]
    (program.standardInput, program.standardOutput) = (input, output)
    try program.run()
    defer {
      try? input.fileHandleForWriting.close()
      program.waitUntilExit()
    }
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let first = ContextSwitches(pid: Int(program.processIdentifier), sampleLimit: 5)
    #expect(first.chosen.count == 5 && first.weight == 21 / 5)
    #expect(first.voluntary > 0 && first.later.voluntary >= first.voluntary)
    #expect(ContextSwitches(pid: Int(program.processIdentifier)).chosen.count == 21)
  }

  /// The threads wait until the program's input ends.
  private static let twentyOneThreads = """
    import sys, threading
    end = threading.Event()
    for _ in range(20): threading.Thread(target=end.wait).start()
    print("ready", flush=True)
    sys.stdin.read()
    end.set()
    """

  @Test func aServerThatNeverListensFailsAfterTheStartTimeout() throws {
    var options = Load.options(port: 1)
    options.start("sleep 60 {port}", within: .milliseconds(150))
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(try #require(error).description.contains("does not listen on 127.0.0.1:"))
  }
}
