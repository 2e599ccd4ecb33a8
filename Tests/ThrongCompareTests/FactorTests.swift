// Known costs are measured correctly.

import LinuxSystem
import TestSupport
import Testing
import ThrongLoad
import ThrongReport

@testable import ThrongCompare

@Suite(.opensResources, .blocking, .serialized) struct FactorTests {
  /// Work is measured in CPU time, so a busy machine does not change it.
  @Test func aPeerWithTwiceTheCostIsMeasuredWithTwiceTheCost() throws {
    func peer(_ name: String, _ work: String) -> PeerChoice {
      PeerChoice(
        name: name,
        command: "\(ThrongProgram.path) serve --quiet --host 127.0.0.1 --port {port} --handler echo"
          + " --work \(work)")
    }
    let options = ShortRun.options {
      $0.models = []
      $0.peers = [peer("once", "1ms"), peer("twice", "2ms")]
      $0.duration = .seconds(1)
      $0.connections = [1]
      $0.repeats = 6
    }
    let results = try ShortRun.run(options)
    func cost(_ contender: String) throws -> [Int: Double] {
      let cell = try #require(results.cells.first { $0.contender == contender })
      #expect(cell.failure == nil)
      return Dictionary(
        uniqueKeysWithValues: cell.samples.compactMap { sample in
          sample.cpuMicrosecondsPerMessage.map { (sample.round, $0) }
        })
    }
    let (once, twice) = (try cost("once"), try cost("twice"))
    let ratio = try #require(Ratio(paired: twice, to: once))
    // On a busy machine single rounds, of few messages, are off by more; the median and the interval are not.
    let interval = try #require(ratio.interval)
    #expect(interval.low < 2.1 && interval.high > 1.8, "\(ratio)")
    #expect(ratio.value > 1.5 && ratio.value < 2.5, "\(ratio)")
  }

  /// One sender; the count is a multiple of the receivers.
  @Test func aFanOutCountsDeliveries() throws {
    let options = ShortRun.options {
      $0.models = [.reactor]
      $0.connections = [5]
      $0.measuresEcho = false
      $0.measuresFanOut = true
    }
    let results = try ShortRun.run(options)
    let cell = try #require(results.cells.first)
    let sample = try #require(cell.samples.first, "\(cell.failure ?? "")")
    #expect(sample.messages > 5 && sample.verifiedMessages == sample.messages)
    #expect(abs(sample.messagesPerSecond * sample.seconds - Double(sample.messages)) < 1)
  }

  @Test(arguments: [[], [100]]) func systemCallsAreCountedForEachMessage(_ idle: [Int]) throws {
    let stop = try StopRequest(watchingSignals: false)
    let plan = try ShortRun.plan(
      ShortRun.options {
        $0.models = [.threadPerClient]
        $0.measuresEcho = idle.isEmpty
        $0.idle = idle
        $0.duration = .seconds(1)
      })
    let runner = CellRunner(plan.method, stop, program: ThrongProgram.path)
    let counter = SystemCallCounter(runner)
    try #require(counter.problem() == nil)
    let task = try #require(plan.tasks.first)
    let calls = try #require(counter.count(task))
    #expect(abs(calls["recvfrom", default: 0] - 1) < 0.02, "\(calls)")
    #expect(abs(calls["sendto", default: 0] - 1) < 0.02, "\(calls)")
    // What the connections cost is spread over few messages on a busy machine; what each message costs
    // would be there once.
    let others = calls.filter { !["recvfrom", "sendto"].contains($0.key) }
    #expect(others.values.allSatisfy { $0 < 0.9 }, "\(calls)")
  }
}
