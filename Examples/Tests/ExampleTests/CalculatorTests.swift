// Binary requests and replies: both sides of the protocol.

import Testing
import Throng
import ThrongTesting

@testable import Calculator

@Suite struct CalculatorTests {
  @Test(arguments: Model.everyKind)
  func theClientGetsItsReplies(_ model: Model) async throws {
    let requests = [
      Request(number: 1, 6, .multiply, 7), Request(number: 2, 1, .divide, 0),
      Request(number: 3, .max, .add, 1), Request(number: 4, 1, .subtract, 2),
    ]
    // With a server of its own, for the client waits asynchronously.
    let server = Server(
      Calculator(), model: model, configuration: Configuration(host: "127.0.0.1", port: 0))
    try server.listen()
    async let serving: Void = server.run()
    let replies = try await Client.withConnection(to: server.addresses[0]) {
      try await ask(requests, on: $0)
    }
    server.stop()
    try await serving
    #expect(
      replies == [
        Reply(number: 1, result: 42), Reply(number: 2, result: nil),
        Reply(number: 3, result: nil), Reply(number: 4, result: -1),
      ])
  }

  @Test func aFrameSurvivesEveryPiece() async throws {
    var request = ByteWriter()
    Request(number: 9, 2, .add, 3).write(to: &request)
    var reply = ByteWriter()
    Reply(number: 9, result: 5).write(to: &reply)
    try await exchange(with: Calculator(), sending: request.bytes, expecting: reply.bytes)
  }

  @Test func nonsenseEndsTheConnection() async throws {
    for nonsense in [[0, 0, 0, 1, 9], [0, 0, 0, 99], [0, 0]] as [Bytes] {
      try await exchange(
        with: Calculator(), under: [.reactor], sending: nonsense, expecting: Bytes())
    }
  }
}
