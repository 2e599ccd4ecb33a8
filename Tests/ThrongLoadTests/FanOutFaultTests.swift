// Faults that a fan-out reports about misbehaving servers, each in exactly one sentence.

import TestSupport
import Testing
import Throng

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct FanOutFaultTests {
  /// The server's first client is the sender, its second is connection 1.
  private func sentences(
    against fault: BroadcastFault, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> [String] {
    let isFound = { (result: LoadResult) in
      Load.hasFault(result) && result.runs[0].messages > 0
    }
    let result = try FanOut.run(against: fault, until: isFound) {
      $0.fanOut.pacing = .inFlight(4)
      change(&$0)
    }
    #expect(result.exitStatus == 1)
    #expect(result.runs[0].messages > 0, "the others' results are kept")
    return result.faultSentences
  }

  @Test func aLostMessageIsReported() throws {
    #expect(
      try sentences(against: .loses(message: 5, client: 3)) == [
        "connection 2: message 5 missing, message 6 received"
      ])
  }

  @Test func aDuplicatedMessageIsReported() throws {
    #expect(
      try sentences(against: .repeats(message: 5, client: 3)) == [
        "connection 2: message 5 received again after message 5"
      ])
  }

  @Test func aReorderedMessageIsReported() throws {
    #expect(
      try sentences(against: .delays(message: 5, client: 4)) == [
        "connection 3: message 5 received after message 6"
      ])
  }

  @Test func aWrongByteIsReported() throws {
    let found = try sentences(against: .flips(message: 5, client: 2, offset: 40))
    #expect(found.count == 1)
    #expect(
      found[0].hasPrefix(
        "connection 1: message 5 is corrupted: wrong byte at offset 40: expected 0x"))
  }

  @Test func aLineWithAWrongMarkerIsAMissingMessage() throws {
    #expect(
      try sentences(against: .flips(message: 5, client: 2, offset: 3)) == [
        "connection 1: message 5 missing, message 6 received"
      ])
  }

  @Test func anUnreadableNumberIsReported() throws {
    let found = try sentences(against: .flips(message: 5, client: 2, offset: 20))
    #expect(
      found == [
        "connection 1: message 5 missing, message 6 received",
        "connection 1: a message is corrupted: unreadable message number",
      ])
  }

  @Test func aShortLineIsReported() throws {
    #expect(
      try sentences(against: .shortens(message: 5, client: 2)) == [
        "connection 1: message 5 is corrupted: length 98 bytes instead of 99"
      ])
  }

  @Test func lostMessagesAreReportedWithoutVerification() throws {
    let fault = BroadcastFault.flips(message: 5, client: 2, offset: 40)
    let result = try FanOut.run(against: fault) { $0.fanOut.verifies = false }
    #expect(result.exitStatus == 0)
    #expect(
      try sentences(against: .loses(message: 5, client: 3)) { $0.fanOut.verifies = false } == [
        "connection 2: message 5 missing, message 6 received"
      ])
  }

  @Test func aClosedReceiverIsReportedAndTheOthersContinue() throws {
    #expect(
      try sentences(against: .closes(message: 5, client: 3)) == [
        "connection 2: server closed the connection after message 4"
      ])
  }

  @Test func theRunEndsWhenTheSenderIsClosed() throws {
    let found = try sentences(against: .closesSender(message: 5)) {
      $0.fanOut.pacing = .inFlight(1)
      $0.warmup = .zero
    }
    // One more message may have been in flight.
    let right = (5...6).map { "the sender: server closed the connection after \($0) messages" }
    #expect(found.count == 1 && right.contains(found[0]), "\(found)")
  }

  @Test func aReceiverWithoutProbesIsReportedAndRemoved() throws {
    #expect(
      try sentences(against: .forgets(client: 3)) { $0.timeout = Load.shortTimeout } == [
        "connection 2: no line of the sender received within 3.0 seconds"
      ])
  }

  @Test func aServerThatNeverSendsIsReported() throws {
    let result = try FanOut.run(against: .asksForAName) {
      $0.threads = 2
      $0.timeout = Load.shortTimeout
    }
    #expect(result.exitStatus == 1 && result.runs[0].messages == 0)
    let first = try #require(result.faultSentences.first)
    #expect(first.hasPrefix("connection 1: no line of the sender received within 3.0 seconds"))
    #expect(first.hasSuffix("(and 2 more connections)"))
    #expect(result.faultSentences.count == 1)
  }

  @Test func aServerThatStopsSendingIsReported() throws {
    let found = try sentences(against: .fallsSilent(message: 5)) {
      $0.fanOut.pacing = .inFlight(2)
      $0.threads = 2
      $0.warmup = .zero
      $0.timeout = Load.shortTimeout
    }
    #expect(
      found == [
        "connection 1: message 5 not received within 3.0 seconds (and 5 more messages)"
      ])
  }

  @Test func aRefusedSenderEndsTheRun() throws {
    let server = BroadcastServer(.none)
    server.stop()
    let result = try LoadRunner(FanOut.options(port: server.port)).run()
    #expect(result.exitStatus == 1)
    #expect(
      result.faultSentences == [
        "cannot connect to 127.0.0.1:\(server.port): connection refused"
          + " (is the server running? check its address and port)"
          + " (and 3 more connections)"
      ])
  }
}

enum FanOut {
  /// Runs a fan-out of a few hundred milliseconds, or longer: see `Load.run`.
  static func run(
    against fault: BroadcastFault, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    try run(against: fault, until: Load.isMeasured, change)
  }

  static func run(
    against fault: BroadcastFault, until isEnough: (LoadResult) -> Bool,
    _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    var options = options(port: 1)
    change(&options)
    return try Load.longEnough(options, until: isEnough) { options in
      let server = BroadcastServer(fault)
      defer { server.stop() }
      options.server = .running(at: .tcp(host: "127.0.0.1", port: server.port), pid: nil)
      return try LoadRunner(options).run()
    }
  }

  static func options(port: Int) -> LoadOptions {
    var options = Load.options(port: port)
    options.workload = .fanOut(FanOutOptions())
    options.connections = 3
    return options
  }
}
