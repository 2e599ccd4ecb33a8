// Resuming an interrupted comparison, with the same configuration only.

import Foundation
import TestSupport
import Testing
import ThrongLoad
import ThrongReport

@testable import ThrongCompare

@Suite(.opensResources, .blocking, .serialized) struct ResumingTests {
  @Test func anInterruptedComparisonKeepsItsResultsAndContinues() throws {
    let options = ShortRun.options {
      $0.models = [.reactor, .threadPerClient]
      $0.repeats = 2
    }
    let early = try ShortRun.run(options) { Stopper($0, after: 3) }
    #expect(early.wasInterrupted)
    let kept = early.cells.flatMap(\.samples)
    #expect(kept.count == 3)

    try ShortRun.plan(options).checkResuming(early, name: "results.json")
    var rest: Stopper?
    let late = try ShortRun.run(options, resuming: early) { stop in
      let observer = Stopper(stop, after: 100)
      rest = observer
      return observer
    }
    #expect(!late.wasInterrupted && late.ended != nil)
    // One of the first part, and two models in two rounds at equal load.
    #expect(rest?.measured.count == 1 + 4)
    #expect(late.cells.allSatisfy { $0.equalLoad?.samples.count == 2 })
    #expect(late.cells.allSatisfy { $0.samples.map(\.round).sorted() == [1, 2] })
    for sample in kept { #expect(late.cells.contains { $0.samples.contains(sample) }) }
  }

  @Test func failedCellsAreMeasuredAgain() throws {
    let options = ShortRun.options {
      $0.models = [.reactor]
      $0.repeats = 2
    }
    // The second round failed; the sample of the first is kept.
    var early = try ShortRun.run(options)
    let kept = early.cells[0].samples[0]
    early.cells[0].samples.removeLast()
    early.cells[0].failure = "it hung"
    var observer: Stopper?
    let late = try ShortRun.run(options, resuming: early) { stop in
      let stopper = Stopper(stop, after: 100)
      observer = stopper
      return stopper
    }
    #expect(observer?.measured == ["echo-64/reactor/2 2"])
    #expect(late.cells[0].failure == nil && late.cells[0].samples.map(\.round) == [1, 2])
    #expect(late.cells[0].samples[0] == kept)
  }

  @Test func aCellThatFailsAgainIsSkippedInLaterRounds() throws {
    let options = ShortRun.options {
      $0.models = []
      $0.peers = [FaultyPeer.exitsAtOnce.choice()]
      $0.repeats = 3
    }
    var early = try ShortRun.plan(options).results
    let key = CellKey(workload: "echo-64", contender: "exitsatonce", connections: 2)
    early.withCell(key, command: "") { $0.failure = "it hung" }
    var observer: Stopper?
    let late = try ShortRun.run(options, resuming: early) { stop in
      let stopper = Stopper(stop, after: 100)
      observer = stopper
      return stopper
    }
    #expect(observer?.measured.count == 1)
    #expect(late.cells[0].failure?.contains("exited with status 3") == true)
  }

  /// The program does not exist, so the failure is immediate.
  @Test func aFailureDuringAStopRequestIsAnInterruption() throws {
    let stop = try StopRequest(watchingSignals: false)
    let observer = StopperAtOnce(stop)
    let results = try Comparison(
      try ShortRun.plan(ShortRun.options()), file: nil, program: "/nonexistent/throng",
      interruption: stop, observer: observer
    ).run()
    #expect(results.wasInterrupted && results.cells.isEmpty)
    #expect(observer.begun == 1)
  }

  @Test func earlierResultsAreRenamed() throws {
    let directory = NSTemporaryDirectory() + "throng-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let (file, kept) = (directory + "/results.json", directory + "/results.previous.json")
    #expect(try EarlierResults.keep(file) == nil)
    // Nothing in it was measured.
    var results = try ShortRun.plan(ShortRun.options()).results
    try results.write(to: file)
    #expect(try EarlierResults.keep(file) == nil)
    for round in [1, 2] {
      let key = CellKey(workload: "echo-64", contender: "reactor", connections: 2)
      results.withCell(key, command: "") {
        $0.samples = [Sample(round: round, seconds: 1, messages: 1, messagesPerSecond: 1)]
      }
      try results.write(to: file)
      #expect(try EarlierResults.keep(file) == kept)
      #expect(try CompareResults(contentsOf: kept).cells == results.cells)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 1)
    }
    try Data(#"{"version": 99}"#.utf8).write(to: URL(filePath: file))
    #expect(try EarlierResults.keep(file) == kept)
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == #"{"version": 99}"#)
  }

  struct Difference: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout CompareOptions) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout CompareOptions) -> Void) {
      self.description = description
      self.change = change
    }
  }

  @Test(arguments: [
    Difference("the duration in seconds was 1.0 and is 0.2") { $0.duration = .milliseconds(200) },
    Difference("the number of rounds was 1 and is 3") { $0.repeats = 3 },
    Difference("the seed was 1 and is 9") { $0.seed = 9 },
    Difference("the connections of echo-64 were [2] and are [4]") { $0.connections = [4] },
    Difference("the list of workloads was echo-64 and is churn") {
      $0.measuresEcho = false
      $0.measuresChurn = true
    },
    Difference("the list of contenders was") { $0.models = [.reactor] },
    Difference("the command of reactor was") { $0.throng = "/elsewhere/throng" },
  ])
  func anotherConfigurationIsRefused(_ difference: Difference) throws {
    let earlier = try ShortRun.plan(ShortRun.options()).results
    let plan = try ShortRun.plan(ShortRun.options(difference.change))
    let error = #expect(throws: CompareError.self) {
      try plan.checkResuming(earlier, name: "out/results.json")
    }
    guard case .otherComparison("out/results.json", let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.hasPrefix("\(difference)"), "\(text)")
  }
}
