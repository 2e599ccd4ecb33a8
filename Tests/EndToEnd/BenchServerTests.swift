// `throng bench --server`: the server after an early end of the benchmark.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct BenchServerTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptionBeforeTheServerListensGivesStatus130(signal: CInt) throws {
    let server = "sh -c 'echo started >&2; exec sleep 60' {port}"
    let program = try Program(
      ThrongProgram.path, ["bench", "--quiet", "--start-timeout", "60s", "--server", server])
    defer { program.kill() }
    _ = try program.errors.wait(for: "started")
    program.send(signal)
    #expect(try program.waitForEnd() == .status(130))
    #expect(program.output.text == "interrupted before any measurement\n")
    #expect(program.errors.text == "started\n")
  }

  @Test func theServerDoesNotInheritThatSIGPIPEIsIgnored() throws {
    let server = "sh -c 'grep SigIgn /proc/self/status >&2; exec sleep 60' {port}"
    let program = try Program(
      ThrongProgram.path, ["bench", "--quiet", "--start-timeout", "60s", "--server", server])
    defer { program.kill() }
    let line = try program.errors.wait(for: "SigIgn")
    let ignored = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
    #expect(ignored >> (SIGPIPE - 1) & 1 == 0)
    program.send(SIGINT)
    #expect(try program.waitForEnd() == .status(130))
  }
}
