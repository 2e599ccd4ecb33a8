// Fan-outs against correct servers that differ in their protocol.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct FanOutTests {
  @Test(arguments: [1, 3], [1, 2, 16])
  func everyMessageReachesEveryReceiver(threads: Int, depth: Int) throws {
    let result = try FanOut.run(against: .none) {
      $0.connections = 7
      $0.threads = threads
      $0.fanOut.pacing = .inFlight(depth)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let run = result.runs[0]
    let fanOut = try #require(run.fanOut)
    #expect(run.messages > 0 && fanOut.receivers == 7)
    #expect(fanOut.deliveries > 0)
    // Several threads do not start to measure at the same instant.
    if threads == 1 { #expect(abs(fanOut.deliveries - 7 * run.messages) <= 7 * depth) }
    #expect(run.latency?.count == fanOut.deliveries)
    #expect(fanOut.otherLines == 0)
    #expect(run.connections.opened == 8 && run.connections.wanted == 8)
    #expect(try #require(run.connections.fairness) > 0.99)
    #expect(try #require(fanOut.lowestMean) <= #require(fanOut.highestMean))
  }

  @Test func theOpenLoopFollowsItsSchedule() throws {
    let result = try FanOut.run(against: .none) {
      $0.fanOut.pacing = .rate(400)
      $0.connections = 3
      $0.threads = 2
      $0.duration = .milliseconds(500)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let latency = try #require(result.runs[0].latency)
    // On a busy machine the end comes before the last ones are sent.
    let unsent = try #require(result.runs[0].unsent)
    #expect((3 * 199...3 * 201).contains(latency.count + 3 * unsent), "\(unsent) unsent")
    #expect(result.runs[0].sendDelay != nil)
  }

  @Test func prefixesAndCopiesToTheSenderAreAccepted() throws {
    let result = try FanOut.run(against: .prefixes) { $0.fanOut.pacing = .inFlight(4) }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
  }

  @Test func linesEndingWithCRLFAreAccepted() throws {
    let result = try FanOut.run(against: .returns)
    #expect(result.exitStatus == 0 && result.runs[0].messages > 0, "\(result.faultSentences)")
  }

  @Test func otherLinesAreCountedAndIgnored() throws {
    let result = try FanOut.run(against: .chatters)
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let fanOut = try #require(result.runs[0].fanOut)
    #expect(fanOut.otherLines >= fanOut.deliveries && fanOut.deliveries > 0)
  }

  @Test(arguments: [1, 7, 99])
  func linesReceivedInPiecesAreJoined(size: Int) throws {
    let result = try FanOut.run(against: .splits(size)) { $0.fanOut.pacing = .inFlight(3) }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
  }

  @Test(arguments: [FanOutLineCodec.smallestSize, 5000, FanOutLineCodec.largestSize])
  func everyLineSizeIsTransferred(size: Int) throws {
    let result = try FanOut.run(against: .prefixes) { $0.fanOut.lineSize = size }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let run = result.runs[0]
    #expect(run.messages > 0 && run.sentBytes % size == 0)
  }

  @Test func helloIsSentFirstWithTheConnectionNumber() throws {
    let result = try FanOut.run(against: .asksForAName) { $0.fanOut.hello = "user {n}" }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
    #expect(try #require(result.runs[0].fanOut).otherLines > 0, "who is here")
    let plan = RunPlan(
      result.configuration, address: try SocketAddress.resolve(host: "127.0.0.1", port: 1)[0],
      rate: nil)
    #expect(plan.hello(of: 0)?.text == "user 0\n" && plan.hello(of: 12)?.text == "user 12\n")
  }

  @Test func broadcastsOfTheLibraryAreVerified() throws {
    let result = try TestServer.run(Broadcaster()) { options in
      options.workload = .fanOut(FanOutOptions())
      options.fanOut.lineSize = 100
      options.connections = 50
      options.threads = 2
      options.fanOut.pacing = .inFlight(8)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
  }

  @Test(arguments: [false, true])
  func stalledReceiversDoNotDelayTheOthers(areDropped: Bool) throws {
    var limits = ConnectionOptions()
    limits.sendBufferSize = 4096
    limits.idleTimeout = nil
    // A member that reads is not so late: the next message is sent when all have the last.
    limits.slowReaders.outboxLimit = areDropped ? 1_500_000 : 1 << 30
    let areSeen = { (result: LoadResult) in
      Load.hasFault(result) || result.runs[0].slow?.openAtEnd == (areDropped ? 0 : 2)
    }
    let result = try TestServer.run(Broadcaster(), connections: limits, until: areSeen) { options in
      options.fanOut.lineSize = 4000
      options.workload = .fanOut(FanOutOptions())
      options.connections = 10
      options.fanOut.stalledReceivers = 20
      options.duration = .milliseconds(800)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let fanOut = try #require(result.runs[0].fanOut)
    #expect(fanOut.receivers == 8 && fanOut.deliveries > 0)
    #expect(result.runs[0].connections.opened == 11)
    let slow = try #require(result.runs[0].slow)
    #expect(slow.opened == 2 && slow.openAtEnd == (areDropped ? 0 : 2))
  }

  @Test func aStalledReceiverWithoutProbesIsReported() throws {
    let result = try FanOut.run(against: .forgets(client: 4)) {
      $0.fanOut.stalledReceivers = 34
      $0.timeout = Load.shortTimeout
    }
    #expect(result.exitStatus == 1)
    #expect(result.faultSentences.count == 1, "\(result.faultSentences)")
    #expect(result.faultSentences[0].contains("no line of the sender received within 3.0 seconds"))
  }

  @Test func jsonRoundTripKeepsTheFanOut() throws {
    let result = try FanOut.run(against: .none) {
      $0.fanOut.pacing = .rate(100)
      $0.fanOut.hello = "{n}"
      $0.repeats = 2
    }
    let text = try result.json()
    let read = try LoadResult(json: text)
    #expect(try read.json() == text)
    #expect(read.configuration == result.configuration)
    #expect(read.runs[1].fanOut == result.runs[1].fanOut && read.runs[1].fanOut != nil)
    #expect(read.summary["deliveriesPerSecond"] != nil)
    let rows = result.csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows.count == 3)
    let column = try #require(rows[0].firstIndex(of: "deliveries"))
    #expect(rows[1][column] == "\(try #require(result.runs[0].fanOut).deliveries)")
  }

  @Test func stoppingKeepsTheResultsSoFar() throws {
    let server = BroadcastServer(.none)
    defer { server.stop() }
    var options = FanOut.options(port: server.port)
    options.duration = .seconds(30)
    let runner = try LoadRunner(options)
    let result = try runner.run(observer: LoadTests.StopAtFirstMessages(runner))
    #expect(result.wasInterrupted && result.exitStatus == 130, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
    #expect(result.runs[0].intervals.contains { $0.deliveries ?? 0 > 0 })
  }

  @Test func conditionsOnDeliveriesAreEvaluated() throws {
    let result = try FanOut.run(against: .none)
    #expect(try #require(FailCondition("deliveries", .below, 1e9)).holds(for: result))
    #expect(try !#require(FailCondition("deliveries", .below, 1)).holds(for: result))
    // A metric that was not measured fails its condition.
    #expect(try #require(FailCondition("delivery-cpu", .above, 1e9)).holds(for: result))
  }
}

/// A broadcast built on the library's public API.
private final class Broadcaster: Handler, Sendable {
  private let members = Members()

  private actor Members {
    private var all: Set<Connection> = []
    func join(_ connection: Connection) { all.insert(connection) }
    func leave(_ connection: Connection) { all.remove(connection) }
    func send(_ line: Bytes) { for member in all { try? member.write(line) } }
  }

  func handle(_ connection: Connection) async throws {
    await members.join(connection)
    for try await line in connection.lines(maximumLength: 10_000) {
      await members.send(Bytes(line + [UInt8(ascii: "\n")]))
    }
    await members.leave(connection)
  }
}
