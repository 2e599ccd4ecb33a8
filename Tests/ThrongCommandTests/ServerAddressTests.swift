// Addresses of a server on a command line, as `bench` and `connect` take them, and suggestions for mistyped
// subcommands.

import ArgumentParser
import Testing
import ThrongLoad

@testable import ThrongCommand

@Suite struct ServerAddressTests {
  @Test(
    arguments: [
      (["127.0.0.1:80"], .tcp(host: "127.0.0.1", port: 80)),
      (["127.0.0.1", "80"], .tcp(host: "127.0.0.1", port: 80)),
      (["example"], .tcp(host: "example", port: defaultPort)),
      ([":80"], .tcp(host: "127.0.0.1", port: 80)),
      (["[::1]:80"], .tcp(host: "::1", port: 80)),
      (["[::1]", "80"], .tcp(host: "::1", port: 80)),
      (["::1"], .tcp(host: "::1", port: defaultPort)),
      (["[::1]"], .tcp(host: "::1", port: defaultPort)),
      (["--unix", "/tmp/s"], .unix(path: "/tmp/s")),
    ] as [([String], ServerAddress)])
  func bothCommandsTakeEveryForm(words: [String], address: ServerAddress) throws {
    #expect(try Bench.parse(words).address.target() == address)
    #expect(try Connect.parse(words).address.target() == address)
  }

  @Test(arguments: [
    ["h:0"], ["h:65536"], ["h:x"], ["h", "x"], ["h", "80", "81"], ["h:80", "--unix", "/tmp/s"],
  ])
  func otherWordsAreBadUsage(words: [String]) {
    #expect(throws: (any Error).self) { try Bench.parse(words) }
    #expect(throws: (any Error).self) { try Connect.parse(words) }
  }

  @Test func aMistypedWordHasASuggestion() {
    let known = ["serve", "connect", "bench", "compare"]
    let typed = ["serv", "sevre", "conect", "banch", "comapre", "dance", "xyz"]
    #expect(
      typed.map { Suggestion.word(for: $0, among: known) } == [
        "serve", "serve", "connect", "bench", "compare", nil, nil,
      ])
  }
}
