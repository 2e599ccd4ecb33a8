// What is said of the server's process while its clients are connected.

import Glibc
import Testing
import Throng

@testable import ThrongLoad

private struct Echo: Handler {
  func handle(_ connection: Connection) async throws {
    for try await bytes in connection.inbound { try await connection.send(bytes) }
  }
}

@Suite(.serialized) struct ServerProbeTests {
  /// The threads of a client end with its connection: a look after that finds none of them, and
  /// fewer context switches than before.
  @Test func theServerIsLookedAtBeforeItsClientsLeave() throws {
    let server = Server(
      Echo(), model: .threadPerClient, configuration: Configuration(host: "127.0.0.1", port: 0))
    try server.listen()
    let address = try #require(server.addresses.first)
    let thread = try Thread(stackSize: 1 << 20) { try? server.run() }
    var options = Load.options(port: try #require(address.port))
    options.server = .process(pid: Int(getpid()))
    options.connections = 40
    let outcome = Result { try LoadRunner(options).run() }
    server.stop()
    thread.join()
    let trial = try outcome.get().trials[0]
    #expect(trial.faults.isEmpty, "\(trial.faults)")
    let cost = try #require(trial.server)
    #expect(cost.threads > 40)
    #expect(try #require(cost.voluntarySwitchesPerMessage) > 0)
  }

  @Test func ofManyThreadsAnEvenChoiceStandsForAll() throws {
    // This process has few: all are looked at, and a later look never finds less.
    let first = SwitchCount(pid: Int(getpid()))
    let later = first.later
    #expect(first.voluntary > 0 && later.voluntary >= first.voluntary)
  }

  @Test func aServerThatNeverListensIsGivenUpInTime() throws {
    var options = Load.options(port: 1)
    options.target = nil
    options.server = .command("sleep 60 {port}", cpus: nil)
    options.startTimeout = .milliseconds(150)
    let error = #expect(throws: LoadError.self) { try LoadRunner(options).run() }
    #expect(try #require(error).description.contains("does not listen on 127.0.0.1:"))
  }
}
