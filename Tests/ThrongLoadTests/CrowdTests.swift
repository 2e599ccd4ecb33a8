// Clients that read slowly and connections that are only held, beside those under load.

import Testing
import Throng

@testable import ThrongLoad

@Suite(.serialized) struct CrowdTests {
  @Test(arguments: [
    LoadMode.closedLoop, .openLoop(rate: 200),
    .findMaximum(.init(percentile: 99, limit: .seconds(5))),
  ])
  func slowReadersAreVerifiedAndLeaveTheOthersAlone(mode: LoadMode) throws {
    let start = ContinuousClock.now
    let hasMeasured = { (result: LoadResult) in
      Load.isMeasured(result) && result.trials[0].slow?.receivedBytes ?? 0 > 0
    }
    let result = try EchoServer.run(until: hasMeasured) { options in
      options.mode = mode
      options.connections = 10
      options.threads = 2
      options.slowClients = 20
      options.duration = .milliseconds(500)
    }
    #expect(result.exitStatus == 0, "\(result.text)")
    let trial = result.trials[0]
    let slow = try #require(trial.slow)
    #expect(slow.wanted == 2 && slow.opened == 2 && slow.openAtEnd == 2)
    let sips = (ContinuousClock.now - start) / SlowCrowd.pause + 2
    #expect(slow.receivedBytes > 0 && slow.receivedBytes <= 2 * Int(sips) * SlowCrowd.sip)
    #expect(trial.connections.opened == 10 && trial.connections.wanted == 10)
    #expect(trial.messages > 0)
    if case .openLoop = mode {
      // With the slow ones it would be less than 0.8.
      #expect(try #require(trial.connections.fairness) > 0.8)
    }
    if result.maximum == nil {
      #expect(result.text.contains("slow readers 2 of 2 open at the end, "))
    }
  }

  @Test(arguments: [Exchange.lines, .reply(bytes: 10)])
  func slowReadersTakeEveryKindOfReply(exchange: Exchange) throws {
    let fault = exchange == .lines ? Fault.answersLines("a line") : .answersBytes(10)
    let hasRead = { (result: LoadResult) in result.trials[0].slow?.receivedBytes ?? 0 > 0 }
    let result = try Load.run(against: fault, until: hasRead) { options in
      options.connections = 2
      options.slowClients = 50
      options.exchange = exchange
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.trials[0].slow).receivedBytes > 0)
  }

  /// The server's thread waits until it can send, and with it all its clients.
  @Test func aServerThatWaitsForASlowReaderIsFoundOut() throws {
    let result = try Load.run(against: .none) { options in
      options.connections = 2
      options.slowClients = 50
      options.mode = .openLoop(rate: 100)
      options.duration = .seconds(1)
    }
    #expect(result.faultSentences.isEmpty)
    #expect(try #require(result.trials[0].latency).max > 90_000_000)
  }

  @Test func aWrongByteIsFoundInWhatComesSlowly() throws {
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

  @Test func aSlowReaderThatIsThrownOutIsNamed() throws {
    let result = try Load.run(against: .resets(after: 100), until: Load.hasFault) { options in
      options.connections = 2
      options.slowClients = 50
      options.mode = .openLoop(rate: 0.5)
      options.duration = .milliseconds(400)
    }
    #expect(result.trials[0].faults.map(\.kind) == [.lost, .notServed])
    #expect(
      result.faultSentences[0].hasPrefix("slow connection 2: the connection was lost: Connection"))
    #expect(result.trials[0].slow?.openAtEnd == 0)
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
    let trial = result.trials[0]
    #expect(trial.idle == IdleFigures(wanted: 30, opened: 30, dropped: 0))
    #expect(trial.messages > 0)
    #expect(try #require(trial.connections.fairness) > 0.5, "the idle ones are not in it")
    #expect(trial.connections.opened >= 32)
    #expect(result.text.contains("30 of 30 connections held, 0 dropped"))
  }

  @Test func idleConnectionsThatAreDroppedAreCounted() throws {
    let areDropped = { (result: LoadResult) in result.trials[0].idle?.dropped == 5 }
    // So long that the connection under load is not idle for it on a busy machine.
    let result = try EchoServer.run(idleTimeout: .seconds(2), until: areDropped) { options in
      options.idleConnections = 5
      options.duration = .seconds(4)
    }
    #expect(result.trials[0].idle == IdleFigures(wanted: 5, opened: 5, dropped: 5))
    #expect(result.trials[0].messages > 0)
    let first = try #require(result.trials[0].faults.first)
    #expect(first.kind == .closed || first.kind == .lost)
    #expect(first.count == 5 && first.first.hasPrefix("idle connection "))
    #expect(result.exitStatus == 1)
  }

  @Test func whatHasNoMeaningIsRefused() {
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
        == "--slow-clients has no meaning with --churn, whose connections have one reply"
        + " (leave out one of them)")
    #expect(
      problem {
        $0.slowClients = 10
        $0.mode = .idle
      } == "--slow-clients has no meaning with --idle (leave out one of them)")
    #expect(
      problem {
        $0.idleConnections = 10
        $0.mode = .idle
      } == "--idle holds all of --connections: leave out --idle-connections")
    for percent in [100.0, -1, .nan] {
      #expect(problem { $0.slowClients = percent }?.contains("in per cent") == true)
    }
    #expect(problem { $0.slowClients = 99 }?.contains("no quick connection") == true)
    #expect(problem { $0.idleConnections = -1 } == "--idle-connections cannot be negative")
  }

  @Test func theFileHoldsTheCrowds() throws {
    let result = try EchoServer.run { options in
      options.connections = 4
      options.slowClients = 25
      options.idleConnections = 3
    }
    let read = try LoadResult(json: result.json())
    #expect(read.configuration.slowClients == 25 && read.configuration.idleConnections == 3)
    #expect(read.trials[0].slow == result.trials[0].slow && read.trials[0].slow != nil)
    #expect(read.trials[0].idle == result.trials[0].idle && read.trials[0].idle != nil)
    #expect(result.csv.contains(",slow_connections,slow_bytes,idle_connections,idle_dropped,"))
  }
}
