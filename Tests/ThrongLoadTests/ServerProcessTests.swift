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
    options.start("sh -c 'exit 3' {port}")
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    let text = try #require(error).description
    #expect(
      text.hasPrefix("server command exited with status 3 before it listened on 127.0.0.1:"))
    #expect(text.hasSuffix(": sh -c 'exit 3' {port}"))
  }

  @Test func aMissingServerCommandIsReported() throws {
    var options = Load.options(port: 1)
    options.start("/nonexistent/server {port}")
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "cannot start '/nonexistent/server': No such file or directory (check the command)")
  }

  @Test func theProcessIsMeasuredAndStopped() throws {
    var options = Load.options(port: 1)
    options.start("python3 -c '\(Self.echo)' {port}")
    let result = try LoadRunner(options).run()
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
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
    var command = ServerCommand("sleep 60")
    command.target = .tcp(host: "127.0.0.1", port: other.port)
    options.server = .command(command)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "address 127.0.0.1:\(other.port) is already in use (stop the other server, or choose another port)"
    )
  }

  @Test func aStopBeforeTheServerListensIsAnInterruption() throws {
    var options = Load.options(port: 1)
    options.start("sleep 60 {port}")
    for pacing in [Pacing.closedLoop, .search(.init(percentile: 99, limit: .seconds(1)))] {
      options.echo.pacing = pacing
      let runner = try LoadRunner(options)
      runner.stop()
      let result = try runner.run()
      #expect(result.exitStatus == 130 && result.runs.isEmpty)
    }
  }

  @Test func aMissingProcessIsReported() throws {
    var options = Load.options(port: 1)
    options.server = .running(at: .tcp(host: "127.0.0.1", port: 1), pid: 0x3fff_fff0)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(
      try #require(error).description
        == "no process has the id 1073741808")
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
