// The life of a connection, without a socket: what each event does in each state. The whole table is kept in
// docs/lifecycle.md, so that a change of a transition shows.

import Foundation
import SystemPackage
import Testing

@testable import Throng

extension AllTests {
  @Suite struct Lifecycles {
    /// Each state, by the events that lead to it.
    static let states: [(name: String, events: [Lifecycle.Event])] = [
      ("starting", []),
      ("open", [.handlerStarted]),
      ("draining", [.handlerStarted, .drain(readable: 10)]),
      ("input ended", [.handlerStarted, .drain(readable: 0)]),
      ("FIN received", [.handlerStarted, .peerFin]),
      ("flushing", [.handlerStarted, .closeOutbound]),
      ("FIN sent", [.handlerStarted, .closeOutbound, .finSent]),
      ("closing", [.handlerStarted, .handlerReturned]),
      ("lingering", [.handlerStarted, .handlerReturned, .finSent, .lingerBegan]),
      ("failed", [.handlerStarted, .failed(.lost(.connectionReset))]),
      ("closed", [.handlerStarted, .handlerReturned, .peerFin, .finSent, .socketClosed]),
    ]

    static let events: [(name: String, event: Lifecycle.Event)] = [
      ("handler started", .handlerStarted),
      ("10 bytes received", .received(10)),
      ("FIN received", .peerFin),
      ("FIN received, no close_notify", .truncated),
      ("drain, 10 bytes unread", .drain(readable: 10)),
      ("drain, nothing unread", .drain(readable: 0)),
      ("input exhausted", .inputExhausted),
      ("closeOutbound()", .closeOutbound),
      ("close()", .close),
      ("handler returned", .handlerReturned),
      ("FIN sent", .finSent),
      ("linger began", .lingerBegan),
      ("idle timeout", .timedOut(.idle)),
      ("first-byte timeout", .timedOut(.firstByte)),
      ("send timeout", .timedOut(.send)),
      ("receive timeout", .timedOut(.receive)),
      ("linger timeout", .timedOut(.linger)),
      ("TLS failed", .failed(.security(SecurityFailure(.malformed)))),
      ("connection lost, or reset()", .failed(.lost(.connectionReset))),
      ("socket closed", .socketClosed),
    ]

    static func lifecycle(_ events: [Lifecycle.Event]) -> Lifecycle {
      var lifecycle = Lifecycle()
      for event in events { lifecycle.handle(event) }
      return lifecycle
    }

    /// What follows once everything queued is sent.
    private static func step(_ lifecycle: Lifecycle) -> String {
      switch lifecycle.nextStep(isFlushed: true) {
      case .nothing: ""
      case .sendFin: " → send FIN"
      case .linger: " → linger"
      case .close: lifecycle.closesWithReset(hasUnsent: true) ? " → close, RST" : " → close"
      }
    }

    static func table() -> String {
      var lines = ["| event | " + states.map(\.name).joined(separator: " | ") + " |"]
      lines.append("| --- " + String(repeating: "| --- ", count: states.count) + "|")
      for (name, event) in events {
        let cells = states.map { state in
          let before = lifecycle(state.events)
          var after = before
          after.handle(event)
          return after == before ? "–" : after.phase.rawValue + step(after)
        }
        lines.append("| \(name) | " + cells.joined(separator: " | ") + " |")
      }
      return lines.joined(separator: "\n") + "\n"
    }

    @Test func theTableInTheDocumentsIsTheOneOfTheCode() throws {
      let path = #filePath.replacing("/Tests/ThrongTests/Units/LifecycleTests.swift", with: "")
      let file = path + "/docs/lifecycle.md"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let start = try #require(text.range(of: "| event |"))
      if ProcessInfo.processInfo.environment["THRONG_WRITE_DOCUMENTS"] != nil {
        let new = text[..<start.lowerBound] + Self.table()
        try new.write(toFile: file, atomically: true, encoding: .utf8)
      } else {
        #expect(
          text[start.lowerBound...] == Self.table(),
          "run the test with THRONG_WRITE_DOCUMENTS=1 and read the difference")
      }
    }

    /// A stale event must not bring a closed connection back, nor change why it ended.
    @Test(arguments: Lifecycles.events.map(\.event))
    func nothingReopensAClosedConnection(_ event: Lifecycle.Event) {
      var lifecycle = Self.lifecycle(Self.states.last!.events)
      lifecycle.handle(event)
      #expect(lifecycle.usage == .closed)
      #expect(lifecycle.nextStep(isFlushed: true) == .nothing)
    }

    @Test func theFirstFailureIsTheOneReported() {
      let lifecycle = Self.lifecycle([
        .handlerStarted, .failed(.timedOut(.send)), .failed(.closed), .timedOut(.idle),
      ])
      #expect(lifecycle.failure == .timedOut(.send))
    }

    /// Bytes that had arrived before the drain are delivered, and not one more.
    @Test func aDrainEndsTheInputAtItsBudget() {
      var lifecycle = Self.lifecycle([.handlerStarted, .drain(readable: 10), .received(4)])
      #expect(lifecycle.inputBudget == 6)
      #expect(lifecycle.canReceive)
      lifecycle.handle(.received(6))
      #expect(!lifecycle.canReceive)
      #expect(lifecycle.output == .open)
    }

    /// Every order of the four events of an orderly end leads to the same close, without RST.
    @Test func anOrderlyEndIsTheSameInEveryOrder() {
      func permutations(_ events: [Lifecycle.Event]) -> [[Lifecycle.Event]] {
        if events.count <= 1 { return [events] }
        return events.indices.flatMap { index in
          var rest = events
          let first = rest.remove(at: index)
          return permutations(rest).map { [first] + $0 }
        }
      }
      for order in permutations([.peerFin, .closeOutbound, .handlerReturned, .drain(readable: 3)]) {
        var lifecycle = Self.lifecycle([.handlerStarted] + order)
        #expect(lifecycle.nextStep(isFlushed: false) == .nothing, "\(order)")
        #expect(lifecycle.nextStep(isFlushed: true) == .sendFin, "\(order)")
        lifecycle.handle(.finSent)
        #expect(lifecycle.nextStep(isFlushed: true) == .close, "\(order)")
        #expect(!lifecycle.closesWithReset(hasUnsent: true))
      }
    }

    /// The handler can still answer a client that was cut off, and learns of it at each receive.
    @Test func aTruncatedInputLeavesTheOutputOpen() {
      var lifecycle = Self.lifecycle([.handlerStarted, .truncated])
      #expect(lifecycle.inputFailure == .truncated)
      #expect(lifecycle.output == .open)
      lifecycle.handle(.handlerReturned)
      lifecycle.handle(.peerFin)
      #expect(lifecycle.inputFailure == .truncated)
    }

    /// A peer that violates TLS is sent an alert, which RST could take from it.
    @Test func aFailureOfTLSEndsInOrder() {
      var lifecycle = Self.lifecycle([.failed(.security(SecurityFailure(.notTLS)))])
      #expect(lifecycle.nextStep(isFlushed: false) == .nothing)
      #expect(lifecycle.nextStep(isFlushed: true) == .sendFin)
      lifecycle.handle(.finSent)
      #expect(lifecycle.nextStep(isFlushed: true) == .linger)
      lifecycle.handle(.lingerBegan)
      lifecycle.handle(.timedOut(.linger))
      #expect(lifecycle.nextStep(isFlushed: true) == .close)
      #expect(!lifecycle.closesWithReset(hasUnsent: true))
    }

    /// Silence ends with FIN, unless that would say of half a message that it was all.
    @Test(arguments: [ConnectionError.TimeLimit.idle, .firstByte])
    func silenceEndsInOrder(_ limit: ConnectionError.TimeLimit) {
      let lifecycle = Self.lifecycle([.handlerStarted, .timedOut(limit)])
      #expect(!lifecycle.closesWithReset(hasUnsent: false))
      #expect(lifecycle.closesWithReset(hasUnsent: true))
    }
  }
}
