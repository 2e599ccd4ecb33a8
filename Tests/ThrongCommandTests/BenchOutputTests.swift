// Output files of `throng bench` are checked before the benchmark.

import Foundation
import Testing
import ThrongLoad

@testable import ThrongCommand

@Suite struct BenchOutputTests {
  private func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "throng-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  /// The server command does not exist, but the file is checked first.
  @Test(arguments: ["--json", "--csv"])
  func anUnwritableFileIsReportedBeforeTheBenchmark(flag: String) throws {
    try inTemporaryDirectory { directory in
      let path = directory + "/missing/file"
      let bench = try Bench.parse(
        ["--server", "/nonexistent/server {port}", "--quiet", flag, path])
      let failure = #expect(throws: Failure.self) { try bench.run() }
      let text = try #require(failure).description
      #expect(text == "cannot write \(path): No such file or directory (choose another file)")
    }
  }

  @Test func aDirectoryIsRefusedAsOutput() throws {
    try inTemporaryDirectory { directory in
      let error = #expect(throws: Failure.self) {
        try BenchOutput(json: nil, csv: directory).checkFiles()
      }
      let text = try #require(error).description
      #expect(text == "cannot write \(directory): Is a directory (choose another file)")
    }
  }

  @Test func theCheckKeepsExistingFiles() throws {
    try inTemporaryDirectory { directory in
      let (old, new) = (directory + "/old", directory + "/new")
      try "kept".write(toFile: old, atomically: true, encoding: .utf8)
      try BenchOutput(json: old, csv: new).checkFiles()
      #expect(try String(contentsOfFile: old, encoding: .utf8) == "kept")
      #expect(!FileManager.default.fileExists(atPath: new))
      try BenchOutput(json: "-", csv: "/dev/null").checkFiles()
    }
  }

  /// Opening and closing a pipe would signal the end to its reader.
  @Test func theCheckDoesNotOpenAPipe() throws {
    try inTemporaryDirectory { directory in
      let path = directory + "/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      // The pipe has no reader, so opening it would block.
      try BenchOutput(json: path, csv: nil).checkFiles()
    }
  }
}
