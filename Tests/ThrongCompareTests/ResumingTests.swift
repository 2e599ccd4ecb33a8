// A comparison that was interrupted goes on, and only with what it began with.

import Testing
import ThrongReport

@testable import ThrongCompare

@Suite(.serialized) struct ResumingTests {
  @Test func anInterruptedComparisonKeepsWhatIsDoneAndGoesOn() throws {
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
    #expect(rest?.measured.count == 1)
    #expect(late.cells.allSatisfy { $0.samples.map(\.round).sorted() == [1, 2] })
    for sample in kept { #expect(late.cells.contains { $0.samples.contains(sample) }) }
  }

  @Test(
    arguments: [
      ("--duration in seconds was 0.1, and is 0.2", { $0.duration = .milliseconds(200) }),
      ("--repeats was 1, and is 3", { $0.repeats = 3 }),
      ("the seed was 1, and is 9", { $0.seed = 9 }),
      ("--connections of echo-64 were [2], and are [4]", { $0.connections = [4] }),
      (
        "the list of workloads was echo-64, and is churn",
        {
          $0.measuresEcho = false
          $0.measuresChurn = true
        }
      ),
      ("the list of contenders was", { $0.models = [.reactor] }),
      ("reactor was started with", { $0.throng = "/elsewhere/throng" }),
    ] as [(String, @Sendable (inout CompareOptions) -> Void)])
  func anotherConfigurationIsRefused(
    _ what: String, _ change: @Sendable (inout CompareOptions) -> Void
  ) throws {
    let earlier = try ShortRun.plan(ShortRun.options()).results
    let plan = try ShortRun.plan(ShortRun.options(change))
    let error = #expect(throws: CompareError.self) {
      try plan.checkResuming(earlier, name: "out/results.json")
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("out/results.json is of another comparison: \(what)"), "\(text)")
    #expect(text.hasSuffix("(give the same flags, or another --output)"))
  }
}
