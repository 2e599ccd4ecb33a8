// What a message costs in user instructions, counted by callgrind: the limits are in Benchmarks/instructions.

import Foundation
import TestSupport
import Testing

@Suite(
  .blocking,
  .enabled(
    if: ThrongProgram.releasePath != nil,
    "a debug build costs more: `make test` builds the release and sets THRONG_RELEASE"),
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: "/usr/bin/valgrind"),
    "valgrind is not installed"))
struct InstructionTests {
  @Test(arguments: ["event-handler", "handler", "thread-pool", "thread-per-client"])
  func anEchoCostsNoMoreInstructionsThanItsLimit(server: String) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Benchmarks/instructions").standardizedFileURL.path
    let path = try #require(ThrongProgram.releasePath)
    _ = try Program.run(
      "env", ["THRONG_RELEASE=\(path)", "python3", script, "--limits", "--only", server])
  }
}
