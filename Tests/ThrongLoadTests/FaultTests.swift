// Faults that the generator reports about misbehaving servers, each in exactly one sentence, and
// the exit status.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct FaultTests {
  /// Runs a load until the server is at fault.
  private func run(
    against fault: Fault, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    try Load.run(against: fault, until: Load.hasFault, change)
  }

  @Test func aFlippedByteIsReportedWithItsOffset() throws {
    let result = try run(against: .flips(offset: 700))
    let right = Load.byte(700)
    #expect(
      result.faultSentences == [
        "connection 1: wrong byte at offset 700: expected \(Load.hex(right)),"
          + " received \(Load.hex(right ^ 0xff))"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aDroppedByteIsReportedWithItsOffset() throws {
    let offset = (640...).first { Load.byte($0) != Load.byte($0 + 1) }!  // found soon
    let result = try run(against: .drops(offset: offset))
    #expect(
      result.faultSentences == [
        "connection 1: wrong byte at offset \(offset): expected \(Load.hex(Load.byte(offset))),"
          + " received \(Load.hex(Load.byte(offset + 1)))"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aDroppedLastByteIsReportedAsMissing() throws {
    let result = try run(against: .drops(offset: 703)) { $0.timeout = Load.shortTimeout }
    #expect(
      result.faultSentences == [
        "connection 1: no reply within 3.0 seconds at offset 703, 1 byte missing"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aDuplicatedReplyIsReportedAsSurplus() throws {
    let result = try run(against: .duplicates(offset: 640))
    #expect(
      result.faultSentences == [
        "connection 1: 64 bytes more than requested at offset 704"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func unrequestedBytesAreReported() throws {
    let result = try run(against: .speaksUnasked) {
      // It speaks long before the second message.
      $0.echo.pacing = .openLoop(rate: 0.5)
      $0.warmup = .zero
    }
    #expect(
      result.faultSentences == [
        "connection 1: 5 bytes received without a request at offset 64"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aCloseIsReportedWithTheMissingReplies() throws {
    let result = try run(against: .closes(after: 640))
    #expect(
      result.faultSentences == [
        "connection 1: server closed the connection at offset 640, 1 reply missing"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aResetIsReportedAndTheOthersContinue() throws {
    let areReset = { (result: LoadResult) in result.runs[0].faults.first?.count == 2 }
    let result = try Load.run(against: .resets(after: 640), until: areReset) {
      $0.connections = 2
      $0.threads = 2
    }
    #expect(
      result.runs[0].faults == [
        FaultSummary(
          kind: .lost, count: 2,
          first: "connection 1: the connection was lost: Connection reset by peer at offset 640")
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func connectionsWithoutRepliesAreCounted() throws {
    let result = try Load.run(against: .servesHalf, until: { $0.runs[0].messages > 0 }) {
      $0.connections = 4
      $0.timeout = Load.shortTimeout
    }
    #expect(
      result.faultSentences == [
        "connection 2: no reply within 3.0 seconds at offset 0, 64 bytes missing"
          + " (and 1 more connection)",
        "no reply on 2 of 4 connections, the first being connection 2",
      ])
    #expect(result.runs[0].messages > 0, "the others' results are kept")
    #expect(try #require(result.runs[0].connections.fairness) < 0.6)
    #expect(result.exitStatus == 1)
  }

  @Test func aConnectionWithoutDueMessagesIsNoFault() throws {
    let result = try Load.run(against: .none) {
      $0.echo.pacing = .openLoop(rate: 20)
      $0.connections = 50
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].connections.unserved == 0)
  }

  @Test func openLoopCountsOnlyUnservedConnectionsWithDueMessages() throws {
    let result = try run(against: .isSilent) {
      $0.echo.pacing = .openLoop(rate: 20)
      $0.connections = 50
      $0.timeout = Load.shortTimeout
    }
    let run = result.runs[0]
    #expect(run.faults.map(\.kind) == [.noReply, .notServed])
    #expect(run.faults[0].count == run.faults[1].count && run.faults[0].count < 50)
    #expect(result.exitStatus == 1)
  }

  @Test func aServerThatHangsEndsTheRunAfterTheTimeout() throws {
    let result = try run(against: .isSilent) {
      $0.connections = 3
      $0.timeout = Load.shortTimeout
    }
    #expect(
      result.faultSentences == [
        "connection 1: no reply within 3.0 seconds at offset 0, 64 bytes missing"
          + " (and 2 more connections)",
        "no reply on any of the 3 connections",
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func garbageIsReportedAtTheFirstByte() throws {
    let result = try run(against: .sendsGarbage)
    #expect(
      result.faultSentences == [
        "connection 1: wrong byte at offset 0: expected \(Load.hex(Load.byte(0))), received 0x3f",
        "no reply on the connection",
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func unverifiedGarbagePasses() throws {
    let result = try Load.run(against: .sendsGarbage) { $0.echo.messages.verifies = false }
    #expect(result.exitStatus == 0)
  }

  @Test(arguments: [Pacing.closedLoop, .openLoop(rate: 5)])
  func aRefusedConnectIsReportedWithARemedy(pacing: Pacing) throws {
    let server = FaultyServer(.none)
    server.stop()
    var options = Load.options(port: server.port)
    options.echo.pacing = pacing
    options.connections = 3
    let result = try LoadRunner(options).run()
    #expect(
      result.faultSentences == [
        "cannot connect to 127.0.0.1:\(server.port): connection refused"
          + " (is the server running? check its address and port)"
          + " (and 2 more connections)"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aMissingUnixSocketIsReportedWithARemedy() throws {
    var options = Load.options(port: 1)
    options.server = .running(at: .unix(path: "@throng-load-tests-nobody"), pid: nil)
    let result = try LoadRunner(options).run()
    #expect(
      result.faultSentences == [
        "cannot connect to @throng-load-tests-nobody: connection refused"
          + " (is the server running? check its address and port)"
      ])
    #expect(result.exitStatus == 1)
  }

  @Test func aDroppedIdleConnectionIsCounted() throws {
    let result = try run(against: .greets("bye")) { $0.workload = .idle(IdleOptions()) }
    #expect(
      result.faultSentences == [
        "connection 1: 3 bytes received without a request at offset 0"
      ])
    #expect(result.runs[0].faults[0].hint == .greeting(bytes: 3))
    #expect(result.exitStatus == 1)
  }
}
