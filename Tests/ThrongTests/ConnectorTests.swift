// Outbound connections: made, refused, given up, and ended with their connector.

import SystemPackage
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Connectors {
    @Test(arguments: Setup.all)
    func aHandlerServesAConnectionOfItsOwnMaking(_ setup: Setup) async throws {
      try await withServer(Echo(), setup) { running in
        let answers = Shared<[String]>([])
        let caller = Serve { connection in
          try await connection.send("hello \(connection.id)")
          guard let bytes = try await connection.receive() else { return }
          answers.change { $0.append(bytes.text) }
        }
        let connector = try Connector(caller, log: .quiet)
        let ids = (0..<3).map { _ in connector.connect(to: running.address) }
        try whileRunning(connector) {
          try eventually("all were answered") { answers.value.count == 3 }
        }
        #expect(ids == [1, 2, 3])
        #expect(answers.value.sorted() == ["hello 1", "hello 2", "hello 3"])
      }
    }

    @Test func aRefusedConnectIsReportedWithItsRemedy() async throws {
      let port = try #require(SocketAddress.freeLoopbackPort)
      let address = try SocketAddress.resolve(host: "127.0.0.1", port: port)[0]
      let failures = Shared<[ConnectFailure]>([])
      let connector = try Connector(events: Nobody(), log: .quiet) { failure in
        failures.change { $0.append(failure) }
      }
      let id = connector.connect(to: address)
      try whileRunning(connector) {
        try eventually("it failed") { failures.value.count == 1 }
      }
      let expected = ConnectFailure(id: id, address: address, reason: .system(.connectionRefused))
      #expect(failures.value == [expected])
      #expect(
        "\(expected)"
          == "cannot connect to \(address): connection refused"
          + " (is the server running? check its address and port)")
    }

    @Test func aServerThatDoesNotAnswerIsGivenUpAfterTheTimeout() async throws {
      // A listener whose backlog is full drops further connects.
      let full = try FullListener()
      var options = Connector.Options()
      options.connectTimeout = .milliseconds(100)
      let failures = Shared<[ConnectFailure]>([])
      let connector = try Connector(events: Nobody(), options: options, log: .quiet) { failure in
        failures.change { $0.append(failure) }
      }
      connector.connect(to: full.address)
      try whileRunning(connector) {
        try eventually("it was given up") { failures.value.count == 1 }
      }
      #expect(failures.value[0].reason == .timedOut(after: .milliseconds(100)))
    }

    @Test func stoppingEndsConnectionsThatNobodyUses() async throws {
      try await withServer(events: EventEcho(), Setup.all[0]) { running in
        let connector = try Connector(events: Nobody(), log: .quiet)
        for _ in 0..<20 { connector.connect(to: running.address) }
        try whileRunning(connector) {
          try eventually("all are open") { running.metrics.open == 20 }
        }
        try eventually("all are closed") { running.metrics.open == 0 }
      }
    }
  }
}

private struct Nobody: EventHandler {
  func received(_ bytes: Bytes, on connection: Connection) {}
}

/// Runs the connector on a thread of its own during the body, and stops it.
private func whileRunning(_ connector: Connector, _ body: () throws -> Void) throws {
  let thread = try Thread(stackSize: 1 << 20) { connector.run() }
  let outcome = Result { try body() }
  connector.stop()
  thread.join()
  try outcome.get()
}

/// Listens without accepting, with a backlog that is full.
private final class FullListener {
  let address: SocketAddress
  private let listener: ListeningSocket
  private let waiting: [TestClient]

  init() throws {
    let plan = try ListenPlan.plans(for: [.host("127.0.0.1", port: 0)], sharing: .none)[0]
    let listener = try ListeningSocket.open(plan, options: ConnectionOptions(), backlog: 0)
    address = listener.address
    self.listener = listener
    waiting = try [TestClient(address, timeout: .seconds(5), receiveBuffer: nil)]
  }
}
