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

  /// Three children that run and one that has been waited for used 0.2 s of CPU time each.
  @Test func childrenAreMeasuredWithTheirParent() throws {
    let program = Process()
    let (input, output) = (Foundation.Pipe(), Foundation.Pipe())
    program.executableURL = URL(filePath: "/usr/bin/env")
    program.arguments = ["python3", "-c", Self.fourChildren]
    (program.standardInput, program.standardOutput) = (input, output)
    try program.run()
    defer {
      try? input.fileHandleForWriting.close()
      program.waitUntilExit()
    }
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let members = ProcessTree(root: Int(program.processIdentifier)).members
    #expect(members.count == 4 && members[0] == Int(program.processIdentifier))
    let usage = try #require(ProcessUsage(of: members))
    let own = try #require(ProcessUsage(pid: members[0]))
    #expect(usage.cpuSeconds > 0.75 && usage.threads == 4)
    #expect(own.cpuSeconds > 0.15 && usage.cpuSeconds - own.cpuSeconds > 0.55)
    // Pages that parent and children share count once.
    let sum = members.compactMap { ProcessUsage.residentBytes(pid: $0) }.reduce(0, +)
    #expect(try #require(ProcessUsage.residentBytes(of: members)) < sum)
  }

  /// The children end with the program's input.
  private static let fourChildren = """
    import os, sys, time
    def work():
        while time.process_time() < 0.2: pass
    read, write = os.pipe()
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            work()
            if number < 3:
                os.write(write, b"x")
                sys.stdin.read()
            os._exit(0)
        children.append(child)
    os.waitpid(children[3], 0)
    done = 0
    while done < 3: done += len(os.read(read, 3))
    print("ready", flush=True)
    sys.stdin.read()
    for child in children[:3]: os.waitpid(child, 0)
    """

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
    let first = ContextSwitches(of: [Int(program.processIdentifier)], sampleLimit: 5)
    #expect(first.chosen.count == 5 && first.weight == 21 / 5)
    #expect(first.voluntary > 0 && first.later.voluntary >= first.voluntary)
    #expect(ContextSwitches(of: [Int(program.processIdentifier)]).chosen.count == 21)
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
