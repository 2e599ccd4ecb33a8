// Bad usage: one sentence with the remedy, status 64.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct UsageTests {
  @Test(
    arguments: [
      (["serve", "--prot", "1"], "unknown option '--prot'. Did you mean '--port'?"),
      (["serve", "--port", "99999"], "a port is a number from 0 to 65535"),
      (["serve", "--idle-timeout", "5"], "a duration needs a unit"),
      (["serve", "--mode", "fibers"], "Please provide one of"),
      (["serve", "--threads", "2"], "--threads requires --mode thread-pool (the mode is reactor)"),
      (
        ["serve", "--work", "20us"],
        "--work requires --handler echo or --handler event-echo (the handler is greet)"
      ),
      (
        ["serve", "--chat-rooms", "2"],
        "--chat-rooms requires --handler chat (the handler is greet)"
      ),
      (["connect", "--count", "2"], "require --auto"),
      (["serv"], "unknown subcommand 'serv'. Did you mean 'serve'? (see 'throng --help')"),
      (["bench"], "no server given (use HOST:PORT, --unix PATH or --server 'COMMAND {port}')"),
      (["bench", "h:1", "--json", "-", "--csv", "-"], "exclude each other"),
      (["bench", "h:1", "--fail-if", "server-cpu>1ms"], "does not measure"),
      (["bench", "h:1", "--connections", "0"], "--connections must be between 1 and 1073741824"),
      (["dance"], "unexpected argument 'dance' (see 'throng --help')"),
    ] as [([String], String)])
  func badUsageIsOneSentenceAndStatus64(arguments: [String], sentence: String) throws {
    let result = try ThrongProgram.run(arguments)
    #expect(result.end == .status(64))
    #expect(result.errors.hasPrefix("throng: ") && result.errors.contains(sentence))
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(result.output == "")
  }

  @Test(arguments: [["--help"], ["serve", "--help"], ["connect", "--help"], ["--version"], []])
  func helpIsNoError(arguments: [String]) throws {
    let result = try ThrongProgram.run(arguments)
    #expect(result.end == .status(0))
    #expect(!result.output.isEmpty && result.errors == "")
  }
}
