// Slow readers and idle connections beside the connections under load.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct SlowReaderTests {
  @Test(arguments: [
    Pacing.closedLoop, .openLoop(rate: 200),
    .search(.init(percentile: 99, limit: .seconds(5))),
  ])
  func slowReadersAreVerifiedAndDoNotDistortTheOthers(pacing: Pacing) throws {
    let start = ContinuousClock.now
    let hasMeasured = { (result: LoadResult) in
      Load.isMeasured(result) && result.runs[0].slow?.receivedBytes ?? 0 > 0
    }
    let result = try EchoServer.run(until: hasMeasured) { options in
      options.echo.pacing = pacing
      options.connections = 10
      options.threads = 2
      options.echo.slowReaders = 20
      options.duration = .milliseconds(500)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let run = result.runs[0]
    let slow = try #require(run.slow)
    #expect(slow.wanted == 2 && slow.opened == 2 && slow.openAtEnd == 2)
    let reads = (ContinuousClock.now - start) / SlowReaders.pause + 2
    #expect(slow.receivedBytes > 0 && slow.receivedBytes <= 2 * Int(reads) * SlowReaders.readSize)
    #expect(run.connections.opened == 10 && run.connections.wanted == 10)
    #expect(run.messages > 0)
    if case .openLoop = pacing {
      // With the slow ones it would be less than 0.8.
      #expect(try #require(run.connections.fairness) > 0.8)
    }
  }

  @Test(arguments: [Reply.line, .bytes(10)])
  func slowReadersSupportEveryExchange(reply: Reply) throws {
    let fault = reply == .line ? Fault.answersLines("a line") : .answersBytes(10)
    let hasRead = { (result: LoadResult) in result.runs[0].slow?.receivedBytes ?? 0 > 0 }
    let result = try Load.run(against: fault, until: hasRead) { options in
      options.connections = 2
      options.echo.slowReaders = 50
      options.echo.messages.reply = reply
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.runs[0].slow).receivedBytes > 0)
  }

  /// The server's only thread blocks in send, which delays all its clients.
  @Test func aServerThatBlocksOnASlowReaderShowsInTheLatency() throws {
    let result = try Load.run(against: .none) { options in
      options.connections = 2
      options.echo.slowReaders = 50
      options.echo.pacing = .openLoop(rate: 100)
      options.duration = .seconds(1)
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.runs[0].latency).max > 90_000_000)
  }

  @Test func aWrongByteToASlowReaderIsReported() throws {
    let result = try Load.run(against: .flips(offset: 700), until: Load.hasFault) { options in
      options.connections = 2
      options.echo.slowReaders = 50
      // Its few messages do not come so far.
      options.echo.pacing = .openLoop(rate: 1)
      options.duration = .milliseconds(400)
    }
    let right = Load.byte(700, connection: 2)
    #expect(
      result.faultSentences == [
        "slow connection 2: wrong byte at offset 700: expected \(Load.hex(right)),"
          + " received \(Load.hex(right ^ 0xff))"
      ])
    #expect(result.exitStatus == 1)
  }

  /// A busy machine may take longer to lose the connection than to miss the first reply.
  private static func hasLost(_ result: LoadResult) -> Bool {
    result.runs[0].faults.contains { $0.kind == .lost }
  }

  @Test func aDisconnectedSlowReaderIsReported() throws {
    let result = try Load.run(against: .resets(after: 100), until: Self.hasLost) { options in
      options.connections = 2
      options.echo.slowReaders = 50
      options.echo.pacing = .openLoop(rate: 0.5)
      options.duration = .milliseconds(400)
    }
    #expect(result.runs[0].faults.map(\.kind) == [.lost, .notServed])
    #expect(
      result.faultSentences[0].hasPrefix("slow connection 2: the connection was lost: Connection"))
    #expect(result.runs[0].slow?.openAtEnd == 0)
  }

  @Test(arguments: [false, true])
  func idleConnectionsAreHeldBesideTheOthers(isChurn: Bool) throws {
    let result = try EchoServer.run { options in
      options.connections = 2
      if isChurn {
        options.churn.idleConnections = 30
      } else {
        options.echo.idleConnections = 30
      }
      options.threads = 2
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let run = result.runs[0]
    #expect(run.idle == IdleResult(wanted: 30, opened: 30, dropped: 0))
    #expect(run.messages > 0)
    #expect(try #require(run.connections.fairness) > 0.5, "the idle ones are not in it")
    #expect(run.connections.opened >= 32)
  }

  @Test func idleConnectionsThatAreDroppedAreCounted() throws {
    let areDropped = { (result: LoadResult) in result.runs[0].idle?.dropped == 5 }
    // So long that the connection under load is not idle for it on a busy machine.
    let result = try EchoServer.run(idleTimeout: .seconds(2), until: areDropped) { options in
      options.echo.idleConnections = 5
      options.duration = .seconds(4)
    }
    #expect(result.runs[0].idle == IdleResult(wanted: 5, opened: 5, dropped: 5))
    #expect(result.runs[0].messages > 0)
    let first = try #require(result.runs[0].faults.first)
    #expect(first.kind == .closed || first.kind == .lost)
    #expect(first.count == 5 && first.first.hasPrefix("idle connection "))
    #expect(result.exitStatus == 1)
  }

  @Test func jsonRoundTripKeepsSlowReadersAndIdleConnections() throws {
    let result = try EchoServer.run { options in
      options.connections = 4
      options.echo.slowReaders = 25
      options.echo.idleConnections = 3
    }
    let read = try LoadResult(json: result.json())
    #expect(read.configuration == result.configuration)
    #expect(read.runs[0].slow == result.runs[0].slow && read.runs[0].slow != nil)
    #expect(read.runs[0].idle == result.runs[0].idle && read.runs[0].idle != nil)
    #expect(result.csv.contains(",slow_connections,slow_bytes,idle_connections,idle_dropped,"))
  }
}
