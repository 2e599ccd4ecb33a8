// The verdict on recorded comparisons: two names for the same server, a server slowed by a known amount, and
// a busy machine. All were recorded while other processes used nine tenths of the processor time, so the
// statistics are tested with that figure left out.

import Foundation
import Testing

@testable import ThrongReport

@Suite struct RecordedTests {
  private static func recording(_ name: String, withLoad: Bool) throws -> CompareResults {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Support/recorded/\(name).json").path
    var results = try CompareResults(contentsOf: file)
    if !withLoad { results.backgroundLoad = nil }
    return results
  }

  @Test func twoNamesForTheSameServerCannotBeToldApart() throws {
    let verdict = Verdict(try Self.recording("same", withLoad: false))
    #expect(!verdict.isInconclusive)
    #expect(verdict.advice == "first and second cannot be told apart.")
    #expect(verdict.evidence == "")
    for recommendation in verdict.workloads[0].recommendations {
      #expect(recommendation.confidence == nil && recommendation.models.count == 2)
    }
  }

  /// The handler of the second one computes for 100 or 250 µs more than the first's 1 ms. What a message
  /// costs beside that is the same for both, or grows with the time between messages: the true ratio lies
  /// between the two.
  @Test(arguments: [("slowed-10", 100.0), ("slowed-25", 250)])
  func aSlowedServerIsFoundWithAnIntervalThatHoldsTheTruth(_ name: String, _ more: Double) throws {
    let results = try Self.recording(name, withLoad: false)
    let verdict = Verdict(results)
    #expect(!verdict.isInconclusive && verdict.advice == "Use first for 64-byte echo.")
    #expect(verdict.evidence.hasPrefix("first needs 0."))
    #expect(
      verdict.evidence.hasSuffix("of slowed's CPU per message at 4 clients."), "\(verdict.evidence)"
    )
    let measurements = Measurements(results)
    let workload = results.workloads[0]
    for connections in workload.connections {
      let (first, slowed) = (results.contenders[0], results.contenders[1])
      let ratio = try #require(
        measurements.ratio(.cpu, workload, slowed, to: first, connections))
      let cost = try #require(
        measurements.cell(workload, first, connections)?.estimate(.cpu)?.median)
      #expect(ratio.outcome(floor: Metric.cpu.floor) == .more)
      let interval = try #require(ratio.interval)
      let truth = Interval(1 + more / cost, 1 + more / 1000)
      #expect(
        interval.low <= truth.high && truth.low <= interval.high, "\(connections): \(ratio)")
      #expect(interval.reach < 0.06)
    }
  }

  @Test(arguments: ["busy", "same", "slowed-10", "slowed-25"])
  func onABusyMachineNothingIsDecided(_ name: String) throws {
    let results = try Self.recording(name, withLoad: true)
    let verdict = Verdict(results)
    #expect(verdict.isInconclusive && verdict.advice == "Inconclusive: the machine was busy.")
    #expect(verdict.recommendation.isEmpty && verdict.workloads[0].findings.isEmpty)
  }
}
