// Memory per connection counts all open connections, idle ones included.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct OpenConnectionsTests {
  private static let idle: Workload = {
    var workload = Fixture.echo([10], id: "idle-5000")
    workload.kind = .idle(connections: 4990)
    return workload
  }()

  /// 5,000 open connections of 1,700 and of 2,000 bytes: a difference of 1.4 MiB in total.
  private static func results(more: Double = 2000) -> CompareResults {
    Fixture.results([Fixture.model("reactor"), Fixture.model("thread-pool")], [idle]) {
      _, contender, connections, round, sample in
      let noise = 1 + 0.001 * Double(round % 3 - 1)
      Fixture.fill(
        &sample, cpu: 4, connections: connections,
        memory: (contender.id == "reactor" ? 1700 : more) * noise)
      return true
    }
  }

  @Test func openConnectionsIncludeIdleOnes() {
    var workload = Fixture.echo()
    #expect(workload.openConnections(100) == 100)
    workload.kind = .idle(connections: 5000)
    #expect(workload.openConnections(100) == 5100)
    workload.kind = .fanOut
    #expect(workload.openConnections(100) == 101)
  }

  @Test func memoryIsDividedByAllOpenConnections() {
    let memory = Verdict(Self.results()).workloads[0].findings.first { $0.metric == .memory }?.text
    #expect(
      memory
        == "With 10 clients, reactor has the lowest memory per connection (1.66 KiB); thread-pool takes"
        + " 1.95 KiB (1.18 ×).")
    #expect(Verdict(Self.results()).recommendation[0].contains("use reactor"))
  }

  @Test func tablesShowMemoryAboveTheResolution() throws {
    let report = Report(Self.results())
    let row = try #require(
      report.text(width: 120).split(separator: "\n").first { $0.contains("10  thread-pool") })
    #expect(row.contains("1.95 KiB"))
    #expect(report.html.contains("1.95 KiB") && !report.html.contains("under 25.6 KiB"))
    #expect(
      !report.html.contains("under 52") && report.charts.contains { $0.name.contains("memory") })
  }

  @Test func memoryBelowTheResolutionIsMarked() {
    // 262,144 bytes are 52 bytes per connection.
    let report = Report(Self.results(more: 20))
    #expect(report.html.contains("under 52 B"))
  }

  @Test func theBaselineDividesByAllOpenConnections() {
    var results = Self.results()
    results.cells.removeAll { $0.contender != "thread-pool" }
    var before = Self.results(more: 1500)
    before.cells.removeAll { $0.contender != "thread-pool" }
    let baseline = Baseline(before, now: results, tolerance: 0.05)
    #expect(baseline.regressions.count == 1)
    #expect(
      baseline.text(width: 120).contains(
        "regression: thread-pool, 64-byte echo, 10 clients: memory per connection 1.46 KiB -> 1.95 KiB"
          + " (+33 %)"), "\(baseline.text(width: 120))")
  }
}
