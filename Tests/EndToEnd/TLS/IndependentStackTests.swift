// An independent implementation of TLS, tlslite-ng in Python, against `throng serve` in every model. `make
// test-tools` installs it into .build/python; without it these tests are skipped.

import Foundation
import TestSupport
import Testing

@Suite(.blocking, .enabled(if: IndependentStack.isInstalled))
struct IndependentStackTests {
  @Test(arguments: everyModel, ["1.2", "1.3"])
  func itExchangesDataWithEveryModel(model: [String], version: String) throws {
    try SecureServer.run(["--handler", "echo"] + model) { (server) throws in
      for stage in ["exchange", "slow", "half-close"] {
        #expect(try IndependentStack.run(stage, version, server) == "passed\n", "\(stage)")
      }
    }
  }

  @Test(arguments: everyModel)
  func aStormOfKeyUpdatesEndsTheConnection(model: [String]) throws {
    try SecureServer.run(["--handler", "echo"] + model) { (server) throws in
      // A slow machine may take more than a second for a hundred; then all are within the limit.
      let output = try IndependentStack.run("storm", "1.3", server)
      #expect(output.hasSuffix("passed\n"))
      #expect(try IndependentStack.run("exchange", "1.3", server) == "passed\n")
    }
  }

  /// Records that mean nothing cost a server time, and a client next to nothing. In TLS 1.3 this stack cannot
  /// make an empty record: it adds a byte.
  @Test(arguments: everyModel, [("empty", "1.2"), ("alerts", "1.2"), ("alerts", "1.3")])
  func aFloodOfRecordsThatMeanNothingEndsTheConnection(
    model: [String], flood: (stage: String, version: String)
  ) throws {
    try SecureServer.run(["--handler", "echo"] + model) { (server) throws in
      #expect(try IndependentStack.run(flood.stage, flood.version, server) == "passed\n")
      #expect(try IndependentStack.run("exchange", "1.3", server) == "passed\n")
    }
  }
}

private enum IndependentStack {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "independent.py").path
  private static let packages = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build/python").path

  static let isInstalled = FileManager.default.fileExists(atPath: packages + "/tlslite")

  static func run(_ stage: String, _ version: String, _ server: ServeProgram) throws -> String {
    let output = try Program.run(
      "PYTHONPATH=\(packages)", ["python3", script, stage, version, server.port])
    return String(decoding: output, as: UTF8.self)
  }
}
