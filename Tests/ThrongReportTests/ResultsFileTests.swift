// results.json: round trip, atomic replacement, and errors.

import Foundation
import Testing
import ThrongReport

@Suite struct ResultsFileTests {
  @Test func resultsSurviveARoundTrip() throws {
    try inTemporaryDirectory { directory in
      let results = Fixture.full
      try results.write(to: directory + "/results.json")
      #expect(try CompareResults(contentsOf: directory + "/results.json") == results)
    }
  }

  @Test func writingLeavesNoOtherFileAndReplacesTheOld() throws {
    try inTemporaryDirectory { directory in
      let path = directory + "/results.json"
      try Data("old".utf8).write(to: URL(filePath: path))
      try Fixture.full.write(to: path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["results.json"])
      #expect(try String(contentsOfFile: path, encoding: .utf8) == Fixture.full.json())
    }
  }

  @Test func aFailedWriteKeepsTheOldFileAndSaysWhy() throws {
    try inTemporaryDirectory { directory in
      // A directory of that name makes the rename fail after the temporary file was written.
      let path = directory + "/results.json"
      try FileManager.default.createDirectory(
        atPath: path + "/inside", withIntermediateDirectories: true)
      let error = #expect(throws: FileWriteError.self) { try Fixture.full.write(to: path) }
      #expect(error?.description == "cannot write \(path): Is a directory")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["results.json"])
    }
  }

  @Test func aMissingFileIsReported() {
    let error = #expect(throws: ResultsFileError.self) {
      try CompareResults(contentsOf: "/nonexistent/results.json")
    }
    #expect(
      error?.description == "cannot read /nonexistent/results.json: no such file")
  }

  @Test func anotherVersionIsReported() {
    let error = #expect(throws: ResultsFileError.self) {
      try CompareResults(json: #"{"version": 99}"#, name: "r.json")
    }
    #expect(error == .version(file: "r.json", found: 99))
    #expect("\(error!)".contains("version 99") && "\(error!)".contains("version 1 (use"))
  }

  @Test func aTruncatedFileIsReported() throws {
    let whole = try Fixture.full.json()
    for length in [0, 1, whole.utf8.count / 2, whole.utf8.count - 3] {
      let error = #expect(throws: ResultsFileError.self) {
        try CompareResults(json: String(decoding: whole.utf8.prefix(length), as: UTF8.self))
      }
      #expect("\(error!)".hasPrefix("results.json is damaged"))
    }
  }

  @Test func aMissingKeyIsReportedWithItsPath() throws {
    let json = try Fixture.full.json().replacingOccurrences(of: #""cores" :"#, with: #""kores" :"#)
    let error = #expect(throws: ResultsFileError.self) { try CompareResults(json: json) }
    #expect("\(error!)".contains("at machine: 'cores' is missing"))
  }

  @Test func inconsistentCellsAreRefused() throws {
    var results = Fixture.full
    results.cells[0].contender = "nobody"
    var error = #expect(throws: ResultsFileError.self) { try CompareResults(json: results.json()) }
    #expect("\(error!)".contains("'nobody', which is not listed"))
    results = Fixture.full
    results.cells[1] = results.cells[0]
    error = #expect(throws: ResultsFileError.self) { try CompareResults(json: results.json()) }
    #expect("\(error!)".contains("two cells are of"))
  }

  /// A file of version 1, as a user may keep it as a baseline, must stay readable, or `version`
  /// must be raised.
  @Test func aFileOfVersionOneIsStillRead() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Support/results-1.json").path
    #expect(try CompareResults(contentsOf: file) == Fixture.stored)
  }

  /// Names, nesting and number formats, as other programs read them.
  @Test func theFormatIsWrittenAsItWas() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Support/results-1.json")
    #expect(try Fixture.stored.json() == String(contentsOf: file, encoding: .utf8))
  }

  @Test func unknownKeysAreIgnored() throws {
    let json = try Fixture.full.json().replacingOccurrences(
      of: #""cores" :"#, with: #""colour" : "blue", "cores" :"#)
    #expect(try CompareResults(json: json) == Fixture.full)
  }
}

/// A temporary directory, removed afterwards.
func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
  let directory = NSTemporaryDirectory() + "throng-report-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: directory) }
  try body(directory)
}
