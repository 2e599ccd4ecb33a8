// Slow readers and idle connections beside the connections under load.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct SlowReaderTests {
  @Test(arguments: [
    LoadMode.closedLoop, .openLoop(rate: 200),
    .findMaximum(.init(percentile: 99, limit: .seconds(5))),
  ])
  func slowReadersAreVerifiedAndDoNotDistortTheOthers(mode: LoadMode) throws {
    let start = ContinuousClock.now
    let hasMeasured = { (result: LoadResult) in
      Load.isMeasured(result) && result.runs[0].slow?.receivedBytes ?? 0 > 0
    }
    let result = try EchoServer.run(until: hasMeasured) { options in
      options.mode = mode
      options.connections = 10
      options.threads = 2
      options.slowClients = 20
      options.duration = .milliseconds(500)
    }
    #expect(result.exitStatus == 0, "\(result.text)")
    let run = result.runs[0]
    let slow = try #require(run.slow)
    #expect(slow.wanted == 2 && slow.opened == 2 && slow.openAtEnd == 2)
    let reads = (ContinuousClock.now - start) / SlowReaders.pause + 2
    #expect(slow.receivedBytes > 0 && slow.receivedBytes <= 2 * Int(reads) * SlowReaders.readSize)
    #expect(run.connections.opened == 10 && run.connections.wanted == 10)
    #expect(run.messages > 0)
    if case .openLoop = mode {
      // With the slow ones it would be less than 0.8.
      #expect(try #require(run.connections.fairness) > 0.8)
    }
    if result.maximum == nil {
      #expect(result.text.contains("slow readers 2 of 2 open at the end, "))
    }
  }

  @Test(arguments: [Exchange.lines, .reply(bytes: 10)])
  func slowReadersSupportEveryExchange(exchange: Exchange) throws {
    let fault = exchange == .lines ? Fault.answersLines("a line") : .answersBytes(10)
    let hasRead = { (result: LoadResult) in result.runs[0].slow?.receivedBytes ?? 0 > 0 }
    let result = try Load.run(against: fault, until: hasRead) { options in
      options.connections = 2
      options.slowClients = 50
      options.exchange = exchange
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.runs[0].slow).receivedBytes > 0)
  }

  /// The server's only thread blocks in send, which delays all its clients.
  @Test func aServerThatBlocksOnASlowReaderShowsInTheLatency() throws {
    let result = try Load.run(against: .none) { options in
      options.connections = 2
      options.slowClients = 50
      options.mode = .openLoop(rate: 100)
      options.duration = .seconds(1)
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.runs[0].latency).max > 90_000_000)
  }

  @Test func aWrongByteToASlowReaderIsReported() throws {
    let result = try Load.run(against: .flips(offset: 700), until: Load.hasFault) { options in
      options.connections = 2
      options.slowClients = 50
      // Its few messages do not come so far.
      options.mode = .openLoop(rate: 1)
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

  @Test func aDisconnectedSlowReaderIsReported() throws {
    let result = try Load.run(against: .resets(after: 100), until: Load.hasFault) { options in
      options.connections = 2
      options.slowClients = 50
      options.mode = .openLoop(rate: 0.5)
      options.duration = .milliseconds(400)
    }
    #expect(result.runs[0].faults.map(\.kind) == [.lost, .notServed])
    #expect(
      result.faultSentences[0].hasPrefix("slow connection 2: the connection was lost: Connection"))
    #expect(result.runs[0].slow?.openAtEnd == 0)
  }

  @Test(arguments: [LoadMode.closedLoop, .churn])
  func idleConnectionsAreHeldBesideTheOthers(mode: LoadMode) throws {
    let result = try EchoServer.run { options in
      options.mode = mode
      options.connections = 2
      options.idleConnections = 30
      options.threads = 2
    }
    #expect(result.exitStatus == 0, "\(result.text)")
    let run = result.runs[0]
    #expect(run.idle == IdleResult(wanted: 30, opened: 30, dropped: 0))
    #expect(run.messages > 0)
    #expect(try #require(run.connections.fairness) > 0.5, "the idle ones are not in it")
    #expect(run.connections.opened >= 32)
    #expect(result.text.contains("30 of 30 connections held, 0 dropped"))
  }

  @Test func idleConnectionsThatAreDroppedAreCounted() throws {
    let areDropped = { (result: LoadResult) in result.runs[0].idle?.dropped == 5 }
    // So long that the connection under load is not idle for it on a busy machine.
    let result = try EchoServer.run(idleTimeout: .seconds(2), until: areDropped) { options in
      options.idleConnections = 5
      options.duration = .seconds(4)
    }
    #expect(result.runs[0].idle == IdleResult(wanted: 5, opened: 5, dropped: 5))
    #expect(result.runs[0].messages > 0)
    let first = try #require(result.runs[0].faults.first)
    #expect(first.kind == .closed || first.kind == .lost)
    #expect(first.count == 5 && first.first.hasPrefix("idle connection "))
    #expect(result.exitStatus == 1)
  }

  @Test func optionsThatExcludeEachOtherAreRefused() {
    func problem(_ change: (inout LoadOptions) -> Void) -> String? {
      var options = Load.options(port: 1)
      options.connections = 10
      change(&options)
      return options.problem
    }
    #expect(problem { $0.slowClients = 10 } == nil)
    #expect(
      problem {
        $0.slowClients = 10
        $0.mode = .churn
      }
        == "--slow-clients cannot be combined with --churn")
    #expect(
      problem {
        $0.slowClients = 10
        $0.mode = .idle
      } == "--slow-clients cannot be combined with --idle")
    #expect(
      problem {
        $0.idleConnections = 10
        $0.mode = .idle
      } == "--idle-connections cannot be combined with --idle (all of --connections are idle)")
    for percent in [100.0, -1, .nan] {
      #expect(problem { $0.slowClients = percent }?.contains("less than 100 per cent") == true)
    }
    #expect(problem { $0.slowClients = 99 }?.contains("no other connection") == true)
    #expect(problem { $0.idleConnections = -1 } == "--idle-connections must not be negative")
  }

  @Test func jsonRoundTripKeepsSlowReadersAndIdleConnections() throws {
    let result = try EchoServer.run { options in
      options.connections = 4
      options.slowClients = 25
      options.idleConnections = 3
    }
    let read = try LoadResult(json: result.json())
    #expect(read.configuration.slowClients == 25 && read.configuration.idleConnections == 3)
    #expect(read.runs[0].slow == result.runs[0].slow && read.runs[0].slow != nil)
    #expect(read.runs[0].idle == result.runs[0].idle && read.runs[0].idle != nil)
    #expect(result.csv.contains(",slow_connections,slow_bytes,idle_connections,idle_dropped,"))
  }
}
