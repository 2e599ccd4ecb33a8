// Handlers that each event loop has for itself: made on its thread, with state that needs no lock.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

/// Counts the lines of all clients of its loop. Not `Sendable`.
private final class LineCounter: Handler {
  private let thread = Thread.currentID
  private var count = 0

  func handle(_ connection: Connection) async throws {
    for try await _ in connection.lines() {
      // The sleep's timer is another thread's.
      if count == 1 { try await Task.sleep(for: .milliseconds(1)) }  // a handler sleeps
      try check(Thread.currentID == thread, "on another thread than it was made on")
      count += 1
      try await connection.send("\(count)\n")
    }
  }
}

private final class EventCounter: EventHandler {
  private let thread = Thread.currentID
  private var count = 0

  func received(_ bytes: Bytes, on connection: Connection) {
    count += Thread.currentID == thread ? 1 : 1000
    try? connection.write("\(count)\n")
  }
}

private final class StateCounter: StatefulEventHandler {
  private var count = 0

  func opened(_ connection: Connection) -> Int {
    count += 1
    return count
  }

  func received(_ bytes: Bytes, on connection: Connection, _ number: inout Int) {
    try? connection.write("\(number)\n")
  }
}

extension AllTests {
  @Suite struct PerLoop {
    @Test(arguments: [1, 3])
    func eachLoopMakesAHandlerOnItsThread(_ loops: Int) async throws {
      let threads = Shared<[UInt]>([])
      let make: @Sendable () -> sending LineCounter = {
        threads.change { $0.append(Thread.currentID) }
        return LineCounter()
      }
      let model = Model.reactor(loops: loops)
      try await withServer({ Server(perLoop: make, model: model, configuration: $0, log: $1) }) {
        running in
        let clients = try (0..<30).map { _ in try running.connect() }
        for client in clients { try client.send("x\n") }
        // Where a loop has 30 clients, 30 lines; all loops together, whatever their shares.
        let replies = try clients.map { client in
          var reply = ""
          while !reply.hasSuffix("\n") { reply += try client.receiveText(1) }
          return reply
        }
        #expect(replies.count { $0 == "1\n" } <= loops)
        if loops == 1 { #expect(Set(replies) == Set((1...30).map { "\($0)\n" })) }
      }
      #expect(threads.value.count == loops && Set(threads.value).count == loops)
    }

    @Test func eventHandlersAreMadeForEachLoop() async throws {
      try await withServer({ configuration, log in
        Server(eventsPerLoop: { EventCounter() }, configuration: configuration, log: log)
      }) { running in
        let clients = try (0..<3).map { _ in try running.connect() }
        for (index, client) in clients.enumerated() {
          try client.send("x")
          #expect(try client.receiveText(2) == "\(index + 1)\n")
        }
      }
      try await withServer({ configuration, log in
        Server(eventsPerLoop: { StateCounter() }, configuration: configuration, log: log)
      }) { running in
        for number in 1...3 {
          let client = try running.connect()
          try client.send("x")
          #expect(try client.receiveText(2) == "\(number)\n")
        }
      }
    }

    @Test(arguments: [Model.threadPool(threads: 1), .threadPerClient])
    func modelsWithoutLoopsOfTheirOwnRefuse(_ model: Model) {
      let server = Server(
        perLoop: { LineCounter() }, model: model,
        configuration: Configuration(host: testHost, port: 0), log: .quiet)
      let error = #expect(throws: ServerError.self) { try server.listen() }
      #expect(error == .noEventLoops(model))
      #expect(error?.description.contains("choose a reactor") == true)
    }
  }
}
