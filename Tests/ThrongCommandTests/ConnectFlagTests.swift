// Flags of `throng connect` that would have no effect are refused.

import Testing

@testable import ThrongCommand

@Suite struct ConnectFlagTests {
  @Test func theEditorsLimitsAreSet() throws {
    let given = try Connect.parse(["--history", "7", "--line-limit", "1k"])
    #expect(given.history == 7 && given.lineLimit == SizeArgument(1024))
    #expect(try !Connect.parse([]).plain && Connect.parse(["--plain"]).plain)
  }

  @Test(
    arguments: [
      ["--plain", "--auto"], ["--history", "7", "--plain"], ["--line-limit", "1k", "--auto"],
      ["--history", "0"], ["--line-limit", "0"],
    ])
  func flagsWithoutMeaningAreRefused(flags: [String]) {
    #expect(throws: (any Error).self) { try Connect.parse(flags) }
  }
}
