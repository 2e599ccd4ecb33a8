// Terminal tables, CSV, and the comparison with a baseline.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct TableTests {
  @Test func aWideTableHasMoreColumns() {
    let head = { (width: Int) in
      Report(Fixture.full).text(width: width).split(separator: "\n")
        .first { $0.hasPrefix("clients  contender") }.map(String.init) ?? ""
    }
    #expect(head(80).contains("p99  CPU/msg") && !head(80).contains("p50"))
    #expect(head(132).contains("msgs/CPU s") && head(132).contains("p50"))
  }

  @Test func aTableThatIsTooWideIsShortened() {
    let columns: [TextTable.Column] = [
      .init(title: "name", isLeft: true, isFlexible: true, fields: ["a name that is long", "b"]),
      .init(title: "first", dropOrder: 1, fields: ["1", "2"]),
      .init(title: "second", dropOrder: 2, fields: ["1", "2"]),
    ]
    #expect(TextTable(columns, width: 40).columns.count == 3)
    #expect(TextTable(columns, width: 30).columns.map(\.title) == ["name", "first"])
    #expect(TextTable(columns, width: 12).text == "name\na name that…\nb\n")
  }

  @Test func everyCellHasItsRow() throws {
    let text = Report(Fixture.full).text(width: 100)
    let row = try #require(
      text.split(separator: "\n").first { $0.contains("thread-pool") && $0.hasPrefix("  1,000") })
    let fields = row.split(separator: " ", omittingEmptySubsequences: true)
    let cell = try #require(
      Fixture.full[CellKey(workload: "echo-64", contender: "thread-pool", connections: 1000)])
    let median = cell.samples.map(\.messagesPerSecond).sorted()[2]
    let printed = try #require(Double(fields[2].replacing(",", with: "")))
    #expect(abs(printed / median - 1) < 0.001)
    #expect(text.contains(">=222"))
    #expect(text.contains("failed: thread-per-client, 10,000 clients: the server ended"))
  }

  @Test func theCostOfTLSIsThatOfTheSameContender() throws {
    let text = Report(Fixture.secure).text(width: 100)
    let begin = try #require(text.range(of: "cost of TLS: beside “64-byte echo”"))
    let lines = text[begin.lowerBound...].split(separator: "\n").map(String.init)
    let words = { (text: String) in text.split { $0.isWhitespace }.joined(separator: " ") }
    #expect(words(lines[2]) == "100 reactor 0.50 × 2.00 × 2.00 × +4.01 µs +14.0 KiB")
    #expect(words(lines[3]) == "100 nio 0.50 × 2.00 × 2.00 × +4.01 µs +14.0 KiB")
    #expect(lines[4].hasPrefix("negotiated: TLS 1.3, TLS_AES_256_GCM_SHA384 (reactor); "))
    let page = Report(Fixture.secure).html
    #expect(page.contains("Cost of TLS: beside “64-byte echo” of the same contender"))
    #expect(page.contains("TLS 1.3, TLS_AES_128_GCM_SHA256 (nio)."))
    // Where the generator was the bottleneck, nothing is said about throughput and latency.
    var saturated = Fixture.secure
    saturated.saturate("reactor", 100)
    #expect(words(Report(saturated).text(width: 100)).contains("100 reactor - - 2.00 × +4.01 µs"))
  }

  @Test func controlCharactersInLabelsAreReplaced() {
    var results = Fixture.full
    results.contenders[0].label = "\u{1b}[2Jred\u{7}\nnew line"
    let text = Report(results).text()
    #expect(!text.contains("\u{1b}") && !text.contains("\u{7}") && !text.contains("\nnew"))
    #expect(text.contains("\u{fffd}[2Jred"))
  }

  @Test func theCSVHasARowForEachCellAndIsReadAgain() throws {
    let rows = try CSVReader.rows(Fixture.full.csv)
    let header = rows[0]
    #expect(rows.count == Fixture.full.cells.count + 1)
    #expect(rows.allSatisfy { $0.count == header.count })
    func field(_ name: String, _ row: [String]) throws -> String {
      row[try #require(header.firstIndex(of: name))]
    }
    let row = try #require(
      try rows.first { try field("contender", $0) == "harm" && field("connections", $0) == "100" })
    #expect(try field("label", row) == Fixture.hostileLabel)
    let cell = try #require(
      Fixture.full[CellKey(workload: "echo-64", contender: "harm", connections: 100)])
    let p99 = cell.samples.map { Double($0.p99!) / 1000 }.sorted()[2]
    #expect(try abs(#require(Double(field("p99_us", row))) / p99 - 1) < 1e-9)
    #expect(try #require(Double(field("p99_low", row))) < p99)
    #expect(try field("saturated", row) == "no")
    let failed = try #require(try rows.first { try !field("failure", $0).isEmpty && $0 != header })
    #expect(try field("failure", failed).contains("<cannot> start a thread & gave up"))
  }

  // MARK: Baseline

  @Test func onlyWhatIsSignificantIsARegression() {
    let baseline = Fixture.baseline
    // 25 % more CPU in each of 10 cells of the thread-pool, and one that failed.
    #expect(baseline.regressions.count == 11)
    let significant = baseline.changes.filter(\.isSignificant)
    #expect(Set(significant.map(\.key.contender)) == ["thread-pool", "c-epoll"])
    #expect(significant.allSatisfy { $0.metric == .cpu })
    #expect(significant.filter { $0.key.contender == "c-epoll" }.allSatisfy { !$0.isWorse })
    let text = baseline.text(width: 80)
    #expect(text.contains("+25 %!") && text.contains("-17 %*"))
    #expect(text.contains("regression: thread-per-client, 64-byte echo, 10,000 clients: failed,"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func changesWithinTheToleranceAreNoRegressions() {
    var before = Fixture.full
    for index in before.cells.indices {
      for sample in before.cells[index].samples.indices {
        before.cells[index].samples[sample].messagesPerSecond *= 1.2
      }
    }
    let strict = Baseline(before, now: Fixture.full, tolerance: 0.1).regressions
    #expect(Baseline(before, now: Fixture.full, tolerance: 0.25).regressions.isEmpty)
    // Saturated cells are not compared.
    let measured = Fixture.full.cells.filter { $0.isSound && !$0.isSaturated }
    #expect(strict.count == measured.count)
  }

  @Test func theSameRunHasNoChanges() {
    let baseline = Baseline(Fixture.full, now: Fixture.full, tolerance: 0)
    #expect(baseline.regressions.isEmpty && !baseline.changes.contains(where: \.isSignificant))
    #expect(baseline.text(width: 80).contains("no regression beyond 0 %"))
  }

  @Test func oneSampleIsNoRegression() {
    var before = Fixture.full
    for index in before.cells.indices {
      before.cells[index].samples.removeLast(before.cells[index].samples.isEmpty ? 0 : 4)
      for sample in before.cells[index].samples.indices {
        before.cells[index].samples[sample].messagesPerSecond *= 10
      }
    }
    let baseline = Baseline(before, now: Fixture.full, tolerance: 0.1)
    #expect(baseline.regressions.isEmpty)
    #expect(baseline.remarks.contains { $0.hasPrefix("Cells measured once") })
  }

  @Test func anotherMachineIsReported() {
    var before = Fixture.full
    before.machine.cpuModel = "Other"
    let remarks = Baseline(before, now: Fixture.full, tolerance: 0.1).remarks
    #expect(
      remarks.contains {
        $0.hasPrefix("The baseline was measured on another machine (Other, 4 cores")
      })
  }
}

/// A reader of RFC 4180, independent of the tested writer.
enum CSVReader {
  static func rows(_ text: String) throws -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch (scalar, isQuoted) {
      case ("\"", true):
        if scalars.first == "\"" {
          field.unicodeScalars.append(scalars.removeFirst())
        } else {
          isQuoted = false
        }
      case ("\"", false): isQuoted = true
      case (",", false):
        row.append(field)
        field = ""
      case ("\r", false):
        try #require(scalars.popFirst() == "\n")
        rows.append(row + [field])
        (row, field) = ([], "")
      default: field.unicodeScalars.append(scalar)
      }
    }
    try #require(field.isEmpty && row.isEmpty, "the last row ends with a line end")
    return rows
  }
}
