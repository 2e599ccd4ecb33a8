// The report in a browser: no requests, no overflow, and every number in a chart equals
// results.json.

import Foundation
import TestSupport
import Testing

@testable import ThrongReport

@Suite(
  .opensResources, .blocking, .serialized,
  .enabled(if: Browser.isInstalled, "chromium is not installed: see .ci/apt-packages"))
struct BrowserTests {
  @Test func theReportIsCorrectInEveryView() throws {
    try inTemporaryDirectory { directory in
      try Report(Fixture.full, baseline: Fixture.baseline).write(to: directory)
      let views = try Browser.inspect([directory + "/index.html"])
      #expect(views.count == 4)
      let results = try CompareResults(contentsOf: directory + "/results.json")
      for view in views {
        let name: Comment = "\(view.width) pixels, \(view.scheme)"
        #expect(view.errors.isEmpty && view.requests.count == 1, name)
        #expect(view.scrollWidth <= Double(view.width), name)
        #expect(view.overlaps == 0 && view.outside == 0 && view.labels > 0, name)
        #expect(view.smallestLetter >= 9.5, name)
        #expect(view.scripts == 0 && view.text.contains(Fixture.hostileLabel.dropLast()), name)
        expectAccessible(view, name)
        expectFigures(view, results, name)
      }
      #expect(Set(views.map(\.background)).count == 2, "light and dark differ")
    }
  }

  @Test func manyAndFewContendersDoNotOverflow() throws {
    try inTemporaryDirectory { directory in
      for (name, results) in [("crowded", Fixture.crowded), ("smallest", Fixture.smallest)] {
        try Report(results).write(to: directory + "/" + name)
      }
      let pages = ["crowded", "smallest"].map { directory + "/\($0)/index.html" }
      for view in try Browser.inspect(pages) {
        let name: Comment = "\(view.file), \(view.width) pixels, \(view.scheme)"
        #expect(view.errors.isEmpty && view.scrollWidth <= Double(view.width), name)
        #expect(view.overlaps == 0 && view.outside == 0, name)
        #expect(
          !view.file.contains("smallest") || view.bold == 0, "no leader when measured once")
        #expect(view.labels == (view.file.contains("crowded") ? 14 * 4 : 2 * 3), name)
        expectAccessible(view, name)
      }
    }
  }

  @Test func theChartsStandAlone() throws {
    try inTemporaryDirectory { directory in
      try Report(Fixture.full).write(to: directory)
      let names = try FileManager.default.contentsOfDirectory(atPath: directory + "/charts")
      #expect(names.count == 8)
      let views = try Browser.inspect(names.prefix(2).map { directory + "/charts/" + $0 })
      for view in views {
        #expect(view.errors.isEmpty && view.requests.count == 1)
        #expect(view.overlaps == 0 && view.outside == 0 && !view.points.isEmpty)
      }
    }
  }

  private func expectAccessible(_ view: Browser.View, _ name: Comment) {
    #expect(view.headings.first == 1 && view.headings.count { $0 == 1 } == 1, name)
    #expect(zip(view.headings, view.headings.dropFirst()).allSatisfy { $1 <= $0 + 1 }, name)
    #expect(view.unscopedHeads == 0 && view.tablesWithoutCaption == 0, name)
    #expect(view.unnamedPictures == 0 && view.doubleIds == 0, name)
  }

  /// Values in points, tooltips and tables.
  private func expectFigures(
    _ view: Browser.View, _ results: CompareResults, _ name: Comment
  ) {
    var expected: [String: Double] = [:]
    for cell in results.cells where cell.failure == nil {
      // Computed from the samples, independent of the tested code.
      let figures = [
        "throughput": cell.samples.map(\.messagesPerSecond),
        "p99": cell.samples.compactMap { $0.p99.map { Double($0) } },
        "cpu": cell.samples.compactMap {
          $0.userMicrosecondsPerMessage! + $0.systemMicrosecondsPerMessage!
        },
        "memory": cell.samples.compactMap(\.residentBytesPerConnection),
      ]
      for (metric, values) in figures {
        #expect(values.count == 5, "odd, so that the median is one of them")
        expected["\(metric) \(cell.workload) \(cell.contender) \(cell.connections)"] =
          values.sorted()[values.count / 2]
      }
    }
    var drawn: [String: Double] = [:]
    for point in view.points {
      let key = "\(point.metric) \(point.workload ?? "") \(point.contender) \(point.connections)"
      drawn[key] = Double(point.value)
      let metric = Metric.all.first { $0.id == point.metric }
      let workload = results.workloads.first { $0.id == point.workload }
      let text = metric.flatMap { metric in workload.map { metric.format(expected[key] ?? 0, $0) } }
      #expect(point.title?.contains(text ?? "?") == true, name)
    }
    #expect(drawn == expected.filter { key, value in isDrawn(key, value) }, name)
    #expect(drawn.count < expected.count && drawn.keys.contains { $0.hasPrefix("memory") }, name)
    var tabled: [String: Double] = [:]
    for cell in view.cells {
      let parts = cell.metric.split(separator: "-")
      let workload = parts.dropLast().joined(separator: "-")
      tabled["\(parts.last ?? "") \(workload) \(cell.contender) \(cell.connections)"] =
        Double(cell.value)
    }
    #expect(tabled == expected, name)
  }
}

/// Memory below 256 KiB in total is not drawn.
private func isDrawn(_ key: String, _ value: Double) -> Bool {
  let connections = key.split(separator: " ").last.flatMap { Double($0) } ?? 0
  return !key.hasPrefix("memory") || value * connections >= 262_144
}

/// Headless Chromium, through the script in this directory.
enum Browser {
  struct View: Decodable {
    struct Datum: Decodable {
      var metric: String
      var workload: String?
      var contender: String
      var connections: String
      var value: String
      var title: String?
    }
    struct Anything: Decodable { init(from decoder: any Decoder) throws {} }

    var file: String
    var width: Int
    var scheme: String
    var scrollWidth: Double
    var points: [Datum]
    var cells: [Datum]
    var overlaps: Int
    var outside: Int
    var labels: Int
    /// Values marked as the best.
    var bold: Int
    var headings: [Int]
    var scripts: Int
    var unscopedHeads: Int
    var tablesWithoutCaption: Int
    var unnamedPictures: Int
    var doubleIds: Int
    var smallestLetter: Double
    var background: String
    var text: String
    var errors: [Anything]
    var requests: [String]
  }

  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

  /// Directory for screenshots of all views, if set.
  private static let pictures = ProcessInfo.processInfo.environment["THRONG_REPORT_PICTURES"]

  static func inspect(_ files: [String]) throws -> [View] {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Support/browser.py").path
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", script] + files + (pictures.map { ["--pictures", $0] } ?? [])
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    // The script has a time limit of its own.
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try JSONDecoder().decode([View].self, from: data)
  }
}
