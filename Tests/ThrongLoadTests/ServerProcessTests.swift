// Servers started by a benchmark.

import Glibc
import LinuxSystem
import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct ServerProcessTests {
  @Test func aServerCommandThatExitsIsReported() throws {
    var options = Load.options(port: 1)
    options.target = nil
    options.server = .command("sh -c 'exit 3' {port}", cpus: nil)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    let text = try #require(error).description
    #expect(
      text.hasPrefix("server command exited with status 3 before it listened on 127.0.0.1:"))
    #expect(text.hasSuffix(": sh -c 'exit 3' {port}"))
  }

  @Test func aMissingServerCommandIsReported() throws {
    var options = Load.options(port: 1)
    options.target = nil
    options.server = .command("/nonexistent/server {port}", cpus: nil)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "cannot start '/nonexistent/server': No such file or directory (check the command)")
  }

  @Test func theProcessIsMeasuredAndStopped() throws {
    var options = Load.options(port: 1)
    options.target = nil
    options.server = .command("python3 -c '\(Self.echo)' {port}", cpus: nil)
    let result = try LoadRunner(options).run()
    #expect(result.exitStatus == 0, "\(result.text)")
    let cost = try #require(result.runs[0].server)
    #expect(cost.threads == 1 && cost.peakResidentBytes > 0)
    #expect(kill(pid_t(cost.pid), 0) == -1)
  }

  private static let echo = """
    import socket, sys
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        client = server.accept()[0]
        while data := client.recv(65536): client.sendall(data)
    """

  @Test func aPortInUseIsReported() throws {
    let other = FaultyServer(.none)
    defer { other.stop() }
    var options = Load.options(port: other.port)
    options.server = .command("sleep 60", cpus: nil)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "address 127.0.0.1:\(other.port) is already in use (stop the other server, or choose another port)"
    )
  }

  @Test func aStopBeforeTheServerListensIsAnInterruption() throws {
    var options = Load.options(port: 1)
    options.target = nil
    options.server = .command("sleep 60 {port}", cpus: nil)
    for mode in [LoadMode.closedLoop, .findMaximum(.init(percentile: 99, limit: .seconds(1)))] {
      options.mode = mode
      let runner = try LoadRunner(options)
      runner.stop()
      let result = try runner.run()
      #expect(result.exitStatus == 130 && result.runs.isEmpty)
      #expect(result.text == "interrupted before any measurement\n")
    }
  }

  @Test func aMissingProcessIsReported() throws {
    var options = Load.options(port: 1)
    options.server = .process(pid: 0x3fff_fff0)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "no process with id 1073741808 (--pid takes the process id of the server)")
  }

  @Test func processUsageIsReadFromProc() throws {
    let usage = try #require(ProcessUsage(pid: Int(getpid())))
    #expect(usage.threads >= 1 && usage.cpuSeconds > 0)
    let (exact, rough) = (
      try #require(ProcessUsage.residentBytes(pid: Int(getpid()))),
      try #require(ProcessUsage.approximateResidentBytes(pid: Int(getpid())))
    )
    #expect(exact > 1 << 20 && abs(exact - rough) < exact / 4)
    #expect(!ProcessUsage.processors(pid: Int(getpid())).isEmpty)
  }
}
