// Outbound connections: made, refused, given up, and ended with their connector.

import LinuxSystem
import SystemPackage
import TestSupport
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
      let connector = try Connector(events: Idle(), log: .quiet) { failure in
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
      let connector = try Connector(events: Idle(), options: options, log: .quiet) { failure in
        failures.change { $0.append(failure) }
      }
      connector.connect(to: full.address)
      try whileRunning(connector) {
        try eventually("it was given up") { failures.value.count == 1 }
      }
      #expect(failures.value[0].reason == .timedOut(after: .milliseconds(100)))
    }

    /// Nor does one that has connections to make, which hold a connector until it runs.
    @Test func aConnectorThatNeverRunsKeepsNoDescriptor() async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        for _ in 0..<100 {
          let connector = try Connector(events: Idle(), log: .quiet)
          connector.connect(to: SocketAddress(.ipv4(address: 0x7f00_0001, port: 9)))
        }
        #expect(Footprint.now.descriptors == before.descriptors)
      }
    }

    /// Every wait of the loop fails from now on, as after a bug that closes a descriptor of another.
    @Test func aLoopThatCannotWaitForEventsFailsAllItsConnectionsAndThrows() async throws {
      try await withServer(events: EventEcho(), Setup.all[0]) { running in
        let full = try FullListener()
        let failures = Shared<[ConnectFailure]>([])
        let errors = Shared<[ConnectionError?]>([])
        let connector = try Connector(events: Listening(errors), log: .quiet) { failure in
          failures.change { $0.append(failure) }
        }
        connector.connect(to: running.address)
        let pending = connector.connect(to: full.address)
        let error = #expect(throws: EventLoopError.self) {
          try whileRunning(connector) {
            try eventually("one is open") { running.metrics.open == 1 }
            try connector.clientLoop.loop.breakEvents()
            try eventually("the connection was reset") { running.metrics.open == 0 }
            try eventually("the other has failed") { !failures.value.isEmpty }
          }
        }
        let call = try #require(error)
        #expect(["epoll_wait", "epoll_pwait2"].contains(call.call))
        #expect(call.errno == .invalidArgument)
        #expect(failures.value.map(\.id) == [pending])
        #expect(failures.value.map(\.reason) == [.system(.invalidArgument)])
        #expect(errors.value == [.closed])
      }
    }

    @Test func cancellingTheTaskThatRunsAConnectorStopsIt() async throws {
      try await withServer(events: EventEcho(), Setup.all[0]) { running in
        let connector = try Connector(events: Idle(), log: .quiet)
        connector.connect(to: running.address)
        let hasEnded = Shared(false)
        let task = Task {
          try await connector.run()
          hasEnded.change { $0 = true }
        }
        try eventually("it is open") { running.metrics.open == 1 }
        task.cancel()
        try eventually("it has ended") { hasEnded.value && running.metrics.open == 0 }
      }
    }

    @Test func stoppingEndsConnectionsThatNobodyUses() async throws {
      try await withServer(events: EventEcho(), Setup.all[0]) { running in
        let connector = try Connector(events: Idle(), log: .quiet)
        for _ in 0..<20 { connector.connect(to: running.address) }
        try whileRunning(connector) {
          try eventually("all are open") { running.metrics.open == 20 }
        }
        try eventually("all are closed") { running.metrics.open == 0 }
      }
    }
  }
}

private struct Idle: EventHandler {
  func received(_ bytes: Bytes, on connection: Connection) {}
}

/// Notes how connections end.
private struct Listening: EventHandler {
  private let errors: Shared<[ConnectionError?]>
  init(_ errors: Shared<[ConnectionError?]>) { self.errors = errors }

  func received(_ bytes: Bytes, on connection: Connection) {}
  func closed(_ connection: Connection, error: ConnectionError?) {
    errors.change { $0.append(error) }
  }
}

/// Runs the connector on a thread of its own during the body, and stops it.
func whileRunning(_ connector: Connector, _ body: () throws -> Void) throws {
  let failure = Shared<EventLoopError?>(nil)
  let thread = try Thread(stackSize: 1 << 20) {
    do throws(EventLoopError) {
      try connector.run()
    } catch {
      failure.change { $0 = error }
    }
  }
  let outcome = Result { try body() }
  connector.stop()
  thread.join()
  if let error = failure.value { throw error }
  try outcome.get()
}

/// Listens without accepting, with a backlog that is full.
final class FullListener {
  let address: SocketAddress
  private let listener: ListeningSocket
  private let waiting: [TestClient]

  init() throws {
    let plan = try ListenPlan.plans(for: [.host("127.0.0.1", port: 0)], sharing: .none)[0]
    let listener = try ListeningSocket.open(plan, options: ConnectionOptions(), backlog: 0)
    address = listener.address
    self.listener = listener
    waiting = try [TestClient(address)]
  }
}
