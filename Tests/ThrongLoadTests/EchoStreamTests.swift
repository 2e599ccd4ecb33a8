// What a connection expects: replies in pieces, wrong bytes, and more than was requested.

import Testing
import Throng

@testable import ThrongLoad

@Suite struct EchoStreamTests {
  private static func plan(_ reply: Reply = .echo, greeting: Int = 0) throws -> RunPlan {
    var options = LoadOptions(server: .running(at: .unix(path: "s"), pid: nil))
    options.echo.messages.reply = reply
    options.echo.messages.greeting = greeting
    return RunPlan(options, address: try SocketAddress.unix(path: "s"), rate: nil)
  }

  private static func stream(_ plan: RunPlan) -> EchoStream {
    var stream = EchoStream(plan, number: 1)
    stream.restart(plan, number: 1)
    return stream
  }

  private static func take(
    _ bytes: [UInt8], _ stream: inout EchoStream, _ plan: RunPlan
  ) -> (units: Int, fault: String?) {
    plan.pattern.window.withUnsafeBytes { window in
      bytes.withUnsafeBytes {
        let taken = stream.take(
          stream.skipGreeting($0), plan, window.baseAddress.unsafelyUnwrapped)
        return (taken.units, taken.fault?.sentence(at: stream.received))
      }
    }
  }

  @Test func anEchoInPiecesIsComparedAndCounted() throws {
    let plan = try Self.plan(greeting: 3)
    var stream = Self.stream(plan)
    stream.request(100)
    let sent = Array(stream.nextPiece(plan, atMost: 100))
    let first = Self.take(Array("Hi\n".utf8) + sent[..<40], &stream, plan)
    #expect(first == (40, nil) && stream.outstanding == 60 && stream.greetingLeft == 0)
    var rest = Array(sent[40...])
    rest[7] ^= 1
    let wrong = Self.take(rest, &stream, plan)
    #expect(wrong.units == 0 && wrong.fault?.hasPrefix("wrong byte at offset 47: ") == true)
  }

  @Test func moreThanRequestedIsAFault() throws {
    let plan = try Self.plan(.bytes(10))
    var stream = Self.stream(plan)
    stream.request(10)
    let taken = Self.take(Array(repeating: 1, count: 11), &stream, plan)
    #expect(taken == (10, "1 byte more than requested at offset 10"))
  }

  @Test func linesAreCountedByTheirEnds() throws {
    let plan = try Self.plan(.line)
    var stream = Self.stream(plan)
    stream.request(2)
    #expect(Self.take(Array("one\ntw".utf8), &stream, plan) == (1, nil))
    #expect(
      Self.take(Array("o\nthr".utf8), &stream, plan)
        == (1, "3 bytes more than requested at offset 11"))
    stream = Self.stream(plan)
    stream.request(1)
    #expect(
      Self.take(Array("a\nb\n".utf8), &stream, plan)
        == (1, "1 line more than requested at offset 4"))
  }
}
