// Flags of `throng bench` that select the load, and flags that exclude each other.

import Testing
import ThrongLoad

@testable import ThrongCommand

@Suite struct BenchFlagTests {
  private func options(_ flags: String...) throws -> LoadOptions {
    try Bench.parse(["localhost:1"] + flags).loadOptions()
  }

  @Test func slowAndIdleConnectionsAreSet() throws {
    #expect(try options().slowClients == 0 && options().idleConnections == 0)
    #expect(try options("--slow-clients", "12.5").slowClients == 12.5)
    #expect(try options("--idle-connections", "1000").idleConnections == 1000)
  }

  @Test func aFanOutHasItsOwnSizeAndMayHaveARate() throws {
    #expect(try options("--fan-out").mode == .fanOut(rate: nil))
    #expect(try options("--fan-out", "--rate", "50").mode == .fanOut(rate: 50))
    #expect(try options("--fan-out").sizes == .fixed(100))
    #expect(try options("--fan-out", "--size", "64").sizes == .fixed(64))
    #expect(try options().sizes == .fixed(64))
    #expect(try options("--fan-out", "--hello", "u{n}").hello == "u{n}")
  }

  @Test(arguments: [
    ["--fan-out", "--churn"], ["--fan-out", "--idle"], ["--rate", "5", "--idle"],
    ["--fan-out", "--find-max", "--p99", "1ms"],
  ])
  func modesExcludeEachOther(flags: [String]) throws {
    let bench = try Bench.parse(["localhost:1"] + flags)
    #expect(throws: (any Error).self) { try bench.loadOptions() }
  }

  @Test(arguments: [
    ["--rate", "1e-11"], ["--connections", "9223372036854775807"], ["--reply", "4294967296"],
    ["--idle-connections", "9223372036854775807"], ["--greeting", "5000000000"],
  ])
  func overflowingNumbersAreWrongUsage(flags: [String]) throws {
    let problem = try #require(Bench.parse(["localhost:1"] + flags).loadOptions().problem)
    #expect(problem.hasPrefix(flags[0] + " m"))
  }
}
