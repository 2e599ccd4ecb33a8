// Loads against correct servers of each workload and reply, and against a server that stalls.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct LoadTests {
  @Test(arguments: [1, 3, 16], [MessageSizes.fixed(64), .range(1...3000)])
  func everyMessageIsAnswered(depth: Int, sizes: MessageSizes) throws {
    let result = try Load.run(against: .none) {
      $0.connections = 5
      $0.threads = 2
      $0.echo.depth = depth
      $0.echo.messages.sizes = sizes
    }
    let run = result.runs[0]
    #expect(result.exitStatus == 0 && result.faultSentences.isEmpty)
    #expect(run.messages > 0)
    #expect(run.latency?.count == run.messages)
    #expect(run.connections.opened == 5)
  }

  @Test func aMessageLongerThanThePatternIsAnswered() throws {
    let result = try Load.run(against: .none) {
      $0.echo.messages.sizes = .fixed(300_000)
    }
    #expect(result.faultSentences.isEmpty)
    #expect(result.runs[0].messages > 0)
  }

  @Test func aGreetingIsSkipped() throws {
    let result = try Load.run(against: .greets("Hi!\n")) { $0.echo.messages.greeting = 4 }
    #expect(result.exitStatus == 0)
  }

  @Test func lineRepliesAreCounted() throws {
    let result = try Load.run(against: .answersLines("of any length")) {
      $0.echo.messages.reply = .line
      $0.echo.depth = 4
    }
    #expect(result.exitStatus == 0)
    #expect(result.runs[0].messages > 0)
  }

  @Test func aSecondReplyLineIsReportedAsSurplus() throws {
    let result = try Load.run(against: .answersLines("a\nb"), until: Load.hasFault) {
      $0.echo.messages.reply = .line
    }
    #expect(
      result.runs[0].faults[0].first
        == "connection 1: 1 line more than requested at offset 4")
  }

  @Test func repliesOfAFixedLengthAreCounted() throws {
    let result = try Load.run(against: .answersBytes(10)) { $0.echo.messages.reply = .bytes(10) }
    #expect(result.exitStatus == 0)
    #expect(result.runs[0].messages > 0)
  }

  @Test func aShortReplyIsReported() throws {
    let result = try Load.run(against: .answersBytes(9), until: Load.hasFault) {
      $0.echo.messages.reply = .bytes(10)
      $0.timeout = Load.shortTimeout
    }
    #expect(
      result.runs[0].faults[0].first
        == "connection 1: no reply within 3.0 seconds at offset 9, 1 byte missing")
  }

  @Test func churnUsesAConnectionForEachMessage() throws {
    let result = try Load.run(against: .none) {
      $0.workload = .churn(ChurnOptions())
      $0.connections = 3
    }
    let run = result.runs[0]
    #expect(result.exitStatus == 0)
    #expect(run.messages > 0)
    #expect(run.connections.opened >= run.messages)
  }

  @Test func idleConnectionsAreHeld() throws {
    let result = try Load.run(against: .none) {
      $0.workload = .idle(IdleOptions())
      $0.connections = 20
    }
    #expect(result.exitStatus == 0)
    #expect(result.runs[0].connections.openAtEnd == 20)
  }

  @Test func theOpenLoopFollowsItsSchedule() throws {
    let result = try Load.run(against: .none) {
      $0.echo.pacing = .openLoop(rate: 1000)
      $0.connections = 3
      $0.duration = .milliseconds(500)
    }
    let latency = try #require(result.runs[0].latency)
    // On a busy machine the end comes before the last ones are sent.
    let unsent = try #require(result.runs[0].unsent)
    #expect((498...502).contains(latency.count + unsent), "\(unsent) unsent")
  }

  @Test func aStallAppearsInTheCorrectedLatencyOnly() throws {
    let result = try Load.run(against: .stalls) {
      $0.echo.pacing = .openLoop(rate: 400)
      $0.connections = 2
      $0.duration = .seconds(2)
      $0.warmup = .zero
    }
    let corrected = try #require(result.runs[0].latency)
    let uncorrected = try #require(result.runs[0].uncorrected)
    #expect(result.faultSentences.isEmpty)
    #expect(corrected.p99 > 400_000_000)
    // Half of the messages are due in a stall, and one for each connection is under way in it.
    #expect(uncorrected.p90 < corrected.p90 / 2)
    #expect(corrected.count == uncorrected.count)
  }

  @Test func theSearchFindsARateWithinTheBound() throws {
    let isFound = { (result: LoadResult) in result.maximum.map { $0.rate > 0 } ?? false }
    let result = try Load.run(against: .none, until: isFound) {
      $0.echo.pacing = .search(LatencyBound(percentile: 99, limit: .seconds(2)))
    }
    let maximum = try #require(result.maximum)
    #expect(maximum.rate > 0)
    #expect(try #require(maximum.latency) <= 2_000_000_000)
  }

  @Test func repeatsGiveAnInterval() throws {
    let result = try Load.run(against: .none) { $0.repeats = 3 }
    let rate = try #require(result.summary["messagesPerSecond"])
    #expect(result.runs.count == 3)
    #expect(try #require(rate.low) < rate.mean)
  }

  @Test func stoppingKeepsTheResultsSoFar() throws {
    let server = FaultyServer(.none)
    defer { server.stop() }
    var options = Load.options(port: server.port)
    options.duration = .seconds(30)
    let runner = try LoadRunner(options)
    let observer = StopAtFirstMessages(runner)
    let result = try runner.run(observer: observer)
    #expect(result.wasInterrupted)
    #expect(result.exitStatus == 130)
    #expect(result.runs[0].messages > 0)
  }

  struct StopAtFirstMessages: LoadObserver {
    let runner: LoadRunner

    init(_ runner: LoadRunner) { self.runner = runner }

    func interval(_ interval: IntervalResult, of options: LoadOptions) {
      if interval.messages > 0 { runner.stop() }
    }

    func runBegins(_ number: Int, of count: Int?, rate: Double?) {}
  }
}
