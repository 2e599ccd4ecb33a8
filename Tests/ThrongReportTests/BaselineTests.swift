// Comparison with a baseline: lower bounds, lost cells, changed workloads.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct BaselineTests {
  /// Two models at 10 and at 100 clients, with a noise of a per cent.
  private static func results(cpu: Double = 4, id: String = "echo-64") -> CompareResults {
    Fixture.results(
      [Fixture.model("reactor"), Fixture.model("thread-pool")],
      [Fixture.echo([10, 100], id: id)]
    ) { _, _, connections, round, sample in
      let noise = 1 + 0.01 * Double(round % 3 - 1)
      Fixture.fill(&sample, cpu: cpu * noise, connections: connections, memory: 1700)
      return true
    }
  }

  private static func compare(_ before: CompareResults, _ now: CompareResults) -> Baseline {
    Baseline(before, now: now, tolerance: 0.05)
  }

  @Test func aValueBelowALowerBoundIsARegression() {
    var before = Self.results(cpu: 4)
    before.saturate("reactor", 100)
    var now = Self.results(cpu: 4)
    for cell in now.cells.indices {
      for sample in now.cells[cell].samples.indices {
        now.cells[cell].samples[sample].messagesPerSecond *= 0.5
        now.cells[cell].samples[sample].p99! *= 2
      }
    }
    now.cells.removeAll { $0.contender != "reactor" || $0.connections != 100 }
    let baseline = Self.compare(before, now)
    // p99 includes delays of the saturated generator.
    #expect(baseline.changes.map(\.metric) == [.throughput, .cpu, .memory])
    #expect(baseline.regressions.count == 1)
    let text = baseline.text(width: 120)
    #expect(
      text.contains(
        "regression: reactor, 64-byte echo, 100 clients: throughput at least 250,000 msgs/s -> 125,000"
          + " msgs/s"), "\(text)")
    #expect(Report(now, baseline: baseline).html.contains("at least 250,000 msgs/s"))
  }

  @Test func aValueAboveALowerBoundIsNotCompared() {
    var before = Self.results(cpu: 8)
    before.saturate("reactor", 100)
    let baseline = Self.compare(before, Self.results(cpu: 4))
    let saturated = baseline.changes.filter {
      $0.key.contender == "reactor" && $0.key.connections == 100
    }
    #expect(saturated.map(\.metric) == [.cpu, .memory] && baseline.regressions.isEmpty)
  }

  @Test func aSaturatedCellIsNotCompared() {
    var now = Self.results(cpu: 8)
    now.saturate("reactor", 100)
    let figures = Self.compare(Self.results(cpu: 4), now).changes.filter {
      $0.key.contender == "reactor" && $0.key.connections == 100
    }.map(\.metric)
    #expect(figures == [.cpu, .memory])
  }

  @Test func lostCellsAreCounted() {
    var now = Self.results()
    now.cells.removeAll { $0.connections == 100 }
    var baseline = Self.compare(Self.results(), now)
    #expect(baseline.comparedCells == 2)
    let many =
      "2 cells of the baseline were not measured now, so a regression there is not detected."
    #expect(baseline.remarks.contains { $0.hasPrefix(many) }, "\(baseline.remarks)")
    #expect(
      baseline.text(width: 120).contains(many)
        && baseline.text(width: 120).contains("no regression beyond 5 %"))
    now = Self.results()
    now.cells[0].samples = []
    baseline = Self.compare(Self.results(), now)
    #expect(
      baseline.remarks == [
        "1 cell of the baseline was not measured now, so a regression there is not detected."
      ])
  }

  @Test func aCellThatFailedInBothIsNotLost() {
    var before = Self.results()
    before.fail("reactor", 10)
    var now = Self.results()
    now.fail("reactor", 10)
    now.fail("reactor", 100)
    let baseline = Self.compare(before, now)
    #expect(baseline.comparedCells == 3 && baseline.remarks.isEmpty)
    let key = CellKey(workload: "echo-64", contender: "reactor", connections: 100)
    #expect(baseline.regressions == [.failed(key, "it hung")])
  }

  @Test func withoutCommonCellsNoConclusionIsDrawn() {
    let baseline = Self.compare(Self.results(id: "echo-4096"), Self.results())
    #expect(baseline.comparedCells == 0 && baseline.changes.isEmpty)
    for text in [baseline.text(width: 120), Report(Self.results(), baseline: baseline).html] {
      #expect(text.contains("No cell was measured in both runs; nothing can be compared"))
      #expect(text.contains("4 cells of the baseline were not measured now"))
      #expect(text.contains("4 cells are not in the baseline."))
      #expect(!text.lowercased().contains("no regression"))
      #expect(!text.contains("No significant change"))
    }
  }

  struct Difference: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout Workload) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout Workload) -> Void) {
      self.description = description
      self.change = change
    }
  }

  @Test(arguments: [
    Difference("size") { $0.size = "4096" },
    Difference("depth") { $0.depth = 16 },
    Difference("kind") { $0.kind = .work(microseconds: 20) },
    Difference("server flags") { $0.serverFlags = ["--work", "20us"] },
    Difference("size and generator flags") {
      $0.size = "1"
      $0.generatorFlags = ["--churn"]
    },
  ])
  func aChangedWorkloadWithTheSameIdIsNotCompared(_ difference: Difference) {
    var before = Self.results(cpu: 2)
    difference.change(&before.workloads[0])
    let baseline = Self.compare(before, Self.results())
    #expect(baseline.changes.isEmpty && baseline.regressions.isEmpty)
    #expect(baseline.comparedCells == 0)
    #expect(
      baseline.remarks == [
        "4 cells are not compared, because echo-64 had a different \(difference) in the baseline."
      ])
  }

  @Test func titlesDoNotChangeAWorkload() {
    var before = Self.results()
    before.workloads[0].title = "echo"
    before.workloads[0].explanation = ""
    #expect(Self.compare(before, Self.results()).comparedCells == 4)
  }
}
