// Flags of `throng bench`: the load that they select, values with a parser of their own, and flags that
// exclude each other.

import ArgumentParser
import TestSupport
import Testing
import ThrongLoad

@testable import ThrongCommand

@Suite struct BenchFlagTests {
  private func options(_ flags: String...) throws -> LoadOptions {
    try Bench.parse(["localhost:1"] + flags).loadOptions()
  }

  private func message(_ flags: [String]) -> String? {
    do {
      _ = try Bench.parse(["localhost:1"] + flags)
      return nil
    } catch { return Bench.message(for: error) }
  }

  @Test func theDefaultIsAClosedLoop() throws {
    #expect(
      try options().server == .running(at: .tcp(host: "localhost", port: 1), pid: nil))
    #expect(try options().workload == .echo(EchoOptions()))
    #expect(try options().duration == .seconds(10))
  }

  @Test func slowAndIdleConnectionsAreSet() throws {
    var echo = EchoOptions()
    echo.slowReaders = 12.5
    echo.idleConnections = 1000
    #expect(
      try options("--slow-clients", "12.5", "--idle-connections", "1000").workload == .echo(echo))
  }

  @Test func eachWorkloadHasItsOptions() throws {
    var echo = EchoOptions()
    echo.messages.reply = .line
    echo.depth = 4
    echo.pacing = .openLoop(rate: 50)
    #expect(
      try options("--expect-lines", "--depth", "4", "--rate", "50").workload == .echo(echo))
    var churn = ChurnOptions()
    churn.messages.greeting = 4
    churn.messages.verifies = false
    #expect(
      try options("--churn", "--greeting", "4", "--no-verify").workload == .churn(churn))
    #expect(try options("--idle").workload == .idle(IdleOptions()))
    var search = EchoOptions()
    search.pacing = .search(LatencyBound(percentile: 99, limit: .microseconds(500)))
    #expect(try options("--find-max", "--p99", "500us").workload == .echo(search))
    #expect(try options("--find-max", "--p99", "500us").duration == .seconds(2))
  }

  @Test func aFanOutHasItsOwnSizeAndMayHaveARate() throws {
    var fanOut = FanOutOptions()
    #expect(try options("--fan-out").workload == .fanOut(fanOut))
    #expect(fanOut.lineSize == 100)
    fanOut.lineSize = 64
    fanOut.hello = "u{n}"
    fanOut.pacing = .rate(50)
    #expect(
      try options("--fan-out", "--size", "64", "--hello", "u{n}", "--rate", "50").workload
        == .fanOut(fanOut))
  }

  @Test func aServerCommandMayHaveAnAddress() throws {
    let flags = ["--server", "s {port}", "--server-cpus", "0,2-3", "--start-timeout", "2s"]
    var command = ServerCommand("s {port}")
    command.processors = [0, 2, 3]
    command.startTimeout = .seconds(2)
    #expect(try Bench.parse(flags).loadOptions().server == .command(command))
    command.target = .tcp(host: "localhost", port: 1)
    #expect(
      try options(flags[0], flags[1], flags[2], flags[3], flags[4], flags[5]).server
        == .command(command))
  }

  @Test(
    arguments: [
      (["--fan-out", "--churn"], "--fan-out cannot be combined with --churn"),
      (["--fan-out", "--idle"], "--fan-out cannot be combined with --idle"),
      (["--rate", "5", "--idle"], "--rate cannot be combined with --idle"),
      (["--find-max", "--p99", "1ms", "--rate", "5"], "--rate cannot be combined with --find-max"),
      (["--find-max"], "--find-max requires a bound, such as --p99 2ms"),
      (["--p99", "1ms"], "--p99 requires --find-max"),
      (["--churn", "--depth", "2"], "--depth cannot be combined with --churn"),
      (["--churn", "--slow-clients", "10"], "--slow-clients cannot be combined with --churn"),
      (["--idle", "--idle-connections", "1"], "--idle-connections cannot be combined with --idle"),
      (["--fan-out", "--greeting", "4"], "--greeting cannot be combined with --fan-out"),
      (["--fan-out", "--rate", "5", "--depth", "2"], "--depth cannot be combined with --rate"),
      (["--fan-out", "--size", "50-60"], "--fan-out requires a single --size"),
      (["--hello", "a"], "--hello requires --fan-out"),
      (["--fan-out", "--hello", "a\nb"], "--hello must not contain a newline"),
      (["--reply", "4", "--expect-lines"], "--reply cannot be combined with --expect-lines"),
      (["--server", "s {port}", "--pid", "1"], "--pid cannot be combined with --server"),
      (["--server-cpus", "0"], "--server-cpus requires --server"),
      (["--tls-ca", "a"], "--tls-ca requires --tls"),
      (["--tls", "--tls-insecure", "--tls-ca", "a"], "--tls-ca cannot be combined with"),
      (["--tls-full-handshakes"], "--tls-full-handshakes requires --tls"),
      (["--json", "-", "--csv", "-"], "--json - and --csv - exclude each other"),
    ] as [([String], String)])
  func combinationsWithoutAMeaningAreBadUsage(flags: [String], sentence: String) {
    #expect(message(flags)?.hasPrefix(sentence) == true, "\(message(flags) ?? "accepted")")
  }

  @Test(
    arguments: [
      (["--rate", "1e-11"], "--rate must be between 0.001 and 1000000000"),
      (["--connections", "0"], "--connections must be between 1 and 1073741824"),
      (["--connections", "9223372036854775807"], "--connections must be between 1 and 1073741824"),
      (["--threads", "51"], "--threads must be between 1 and 50"),
      (["--reply", "4294967296"], "--reply must be between 1 and 1073741824"),
      (["--idle-connections=-1"], "--idle-connections must be between 0 and 1073741824"),
      (["--greeting", "5000000000"], "--greeting must be between 0 and 1073741824"),
      (["--size", "1", "--expect-lines"], "--size with --expect-lines must be between 2 and"),
      (["--fan-out", "--size", "31"], "--size must be between 32 and 65536"),
      (["--slow-clients", "100"], "--slow-clients must be between 0 and 99.99"),
      (["--duration", "0s"], "--duration must be between 1ms and 8760h"),
      (["--connect-rate", "0"], "--connect-rate must be between 1 and 1073741824"),
    ] as [([String], String)])
  func valuesOutsideOfTheirRangeNameTheFlag(flags: [String], sentence: String) throws {
    let bench = try Bench.parse(["localhost:1"] + flags)
    let error = #expect(throws: LoadError.self) { try bench.loadOptions().check() }
    #expect(try #require(error).sentence.hasPrefix(sentence), "\(error?.sentence ?? "")")
  }

  @Test(arguments: ["server-cpu>1ms", "deliveries<5", "delivery-cpu>1ms", "late>0", "unsent>0"])
  func aConditionOnWhatIsNotMeasuredIsBadUsage(condition: String) throws {
    let bench = try Bench.parse(["localhost:1", "--fail-if", condition])
    let error = #expect(throws: ValidationError.self) { try bench.run() }
    #expect(try #require(error).message.contains("does not measure"))
  }

  @Test func conditionsAreParsed() throws {
    #expect(try FailCondition(parsing: "p99 > 5ms").description == "p99>5ms")
    for text in ["p99", "p98>1ms", "p99>5", "rate>x", "p99=1ms"] {
      #expect(throws: ValidationError.self) { try FailCondition(parsing: text) }
    }
  }

  @Test func sizesAreANumberARangeOrAList() throws {
    #expect(try MessageSizes(parsing: "64") == .fixed(64))
    #expect(try MessageSizes(parsing: "16-1024") == .range(16...1024))
    #expect(
      try MessageSizes(parsing: "64:9,4096")
        == .weighted([.init(size: 64, weight: 9), .init(size: 4096, weight: 1)]))
    for text in ["", "x", "9-1", "64:", "64:1:2", "1,,2"] {
      #expect(throws: ValidationError.self) { try MessageSizes(parsing: text) }
    }
  }
}
