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

  struct Difference: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout CompareOptions) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout CompareOptions) -> Void) {
      self.description = description
      self.change = change
    }
  }

  @Test(arguments: [
    Difference("--duration in seconds was 0.1, and is 0.2") { $0.duration = .milliseconds(200) },
    Difference("--repeats was 1, and is 3") { $0.repeats = 3 },
    Difference("the seed was 1, and is 9") { $0.seed = 9 },
    Difference("--connections of echo-64 were [2], and are [4]") { $0.connections = [4] },
    Difference("the list of workloads was echo-64, and is churn") {
      $0.measuresEcho = false
      $0.measuresChurn = true
    },
    Difference("the list of contenders was") { $0.models = [.reactor] },
    Difference("reactor was started with") { $0.throng = "/elsewhere/throng" },
  ])
  func anotherConfigurationIsRefused(_ difference: Difference) throws {
    let earlier = try ShortRun.plan(ShortRun.options()).results
    let plan = try ShortRun.plan(ShortRun.options(difference.change))
    let error = #expect(throws: CompareError.self) {
      try plan.checkResuming(earlier, name: "out/results.json")
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("out/results.json is of another comparison: \(difference)"), "\(text)")
    #expect(text.hasSuffix("(give the same flags, or another --output)"))
  }
}
