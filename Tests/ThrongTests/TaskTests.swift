// What a handler may do with the rest of Swift must work in every model.

import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

private actor Tally {
  private(set) var count = 0
  func add() -> Int {
    count += 1
    return count
  }
}

extension AllTests {
  @Suite struct Tasks {
    @Test(arguments: Setup.plainAndSecure)
    func childTasksRunAndMaySend(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for try await bytes in connection.inbound {
          async let first = bytes.text + "1"
          async let second: String = {
            try await connection.send("child ")
            return bytes.text + "2"
          }()
          let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 { group.addTask { number } }
            return try await group.reduce(0, +)
          }
          let (one, two) = (await first, try await second)
          try await connection.send("\(one) \(two) \(sum)")
        }
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<20).map { _ in try running.connect() }
        for _ in 0..<5 {
          for client in clients { try client.send("x") }
          for client in clients { #expect(try client.receiveText(15) == "child x1 x2 190") }
        }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func sleepingHandlersDoNotHoldUpOthers(_ setup: Setup) async throws {
      let count = 100
      let sleeping = Shared(0)
      let handler = Serve { connection in
        for try await bytes in connection.inbound {
          sleeping.change { $0 += 1 }
          // None goes on before all sleep.
          repeat {
            try await Task.sleep(for: .milliseconds(10))  // a handler sleeps
          } while sleeping.value < count
          try await connection.send(bytes)
        }
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<count).map { _ in try running.connect() }
        for client in clients { try client.send("x") }
        for client in clients { #expect(try client.receiveText(1) == "x") }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func anActorCountsTheClientsOfAllThreads(_ setup: Setup) async throws {
      let tally = Tally()
      let handler = Serve { connection in
        for try await _ in connection.inbound {
          try await connection.send("\(await tally.add())\n")
        }
      }
      try await withServer(handler, setup) { running in
        try concurrently(8) { _ in
          let client = try running.connect()
          for _ in 0..<50 {
            try client.send("x")
            while try client.receive(exactly: 1) != [10] {}
          }
        }
      }
      #expect(await tally.count == 400)
    }

    @Test(arguments: Setup.plainAndSecure)
    func aChildThatReceivesIsCancelledByItsGroup(_ setup: Setup) async throws {
      let handler = Serve { connection in
        for _ in 0..<3 {
          let isCancelled = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
              do {
                _ = try await connection.receive()
                return false
              } catch is CancellationError {
                return true
              }
            }
            group.addTask {
              try await Task.sleep(for: .milliseconds(5))  // a handler sleeps
              return false
            }
            _ = try await group.next()
            group.cancelAll()
            return try await group.next() ?? false
          }
          #expect(isCancelled)
        }
        // The connection is as good as before.
        try await connection.send("ready")
        guard let bytes = try await connection.receive() else { return }
        try await connection.send(bytes)
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<10).map { _ in try running.connect() }
        for client in clients {
          #expect(try client.receiveText(5) == "ready")
          try client.send("still here")
          #expect(try client.receiveText(10) == "still here")
        }
      }
    }

    /// Cancelled before, during and after it begins to wait: always one outcome, never a hang.
    @Test(arguments: Setup.plainAndSecure)
    func cancellingAReceiveAtAnyMomentNeverHangs(_ setup: Setup) async throws {
      let handler = Serve { connection in
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
          let task = Task { try await connection.receive(atMost: 1) }
          for _ in 0..<Int.random(in: 0..<4, using: &generator) { await Task.yield() }
          task.cancel()
          do {
            let bytes = try await task.value
            #expect(bytes?.count == 1)
          } catch {
            #expect(error is CancellationError, "\(error)")
          }
        }
        try await connection.send("done")
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<4).map { _ in try running.connect() }
        for client in clients { try client.send([UInt8](repeating: 1, count: 50)) }
        for client in clients { #expect(try client.receiveText(4) == "done") }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aSendThatWaitsIsCancelledByItsGroup(_ setup: Setup) async throws {
      let outcome = Shared<String?>(nil)
      let mayCancel = Gate()
      let handler = Serve { connection in
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            do {
              while true { try await connection.send(Bytes([UInt8](repeating: 1, count: 65536))) }
            } catch {
              outcome.change { $0 = "\(type(of: error))" }
            }
          }
          await mayCancel.pass()
          group.cancelAll()
        }
        connection.reset()
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.connection.sendBufferSize = 16384
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("the sender waits") { running.metrics.outboxHighMark > 0 }
        mayCancel.open()
        try eventually("the sender has ended") { outcome.value != nil }
        #expect(outcome.value == "CancellationError")
        #expect(try client.isReset())
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func cancellationHandlersRunAtTheDrainDeadline(_ setup: Setup) async throws {
      let wasTold = Shared(false)
      let told = Gate()
      let handler = Serve { connection in
        try await connection.send("x")
        await withTaskCancellationHandler {
          await withCheckedContinuation { continuation in
            Task {
              await told.pass()
              continuation.resume()
            }
          }
        } onCancel: {
          wasTold.change { $0 = true }
          told.open()
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.drainTimeout = .milliseconds(50)
      }
      try await withServer(handler, setup, configure: configure) { running in
        let client = try running.connect()
        #expect(try client.receiveText(1) == "x")
      }
      #expect(wasTold.value)
    }

    @Test(arguments: Setup.plainAndSecure)
    func twoTasksThatReceiveAtOnceAreToldSo(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let outcomes = await withTaskGroup(of: String.self) { group in
          for _ in 0..<2 {
            group.addTask {
              do {
                return try await connection.receive()?.text ?? "end"
              } catch {
                // Only now may the client send: the other one waits for that.
                try? connection.write("go")
                return "\(error as? ConnectionError == .alreadyReceiving)"
              }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        #expect(outcomes == ["hello", "true"])
        try await connection.send("ok")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(2) == "go")
        try client.send("hello")
        #expect(try client.receiveText(2) == "ok")
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func anUnstructuredTaskMayServeTheConnection(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let task = Task {
          for try await bytes in connection.inbound { try await connection.send(bytes) }
        }
        try await task.value
      }
      try await withServer(handler, setup) { running in
        let clients = try (0..<10).map { _ in try running.connect() }
        for client in clients { try client.send("hello") }
        for client in clients { #expect(try client.receiveText(5) == "hello") }
        for client in clients {
          try client.finishSending()
          #expect(try client.receiveToEnd().isEmpty)
        }
      }
    }

    /// The handler returns while a task that it has started waits for input.
    @Test(arguments: Setup.plainAndSecure)
    func aReceiveThatOutlivesTheHandlerEnds(_ setup: Setup) async throws {
      let outcome = Shared<String?>(nil)
      let served = Shared<Connection?>(nil)
      let mayReturn = Gate()
      let handler = Serve { connection in
        Task {
          do {
            let bytes = try await connection.receive()
            outcome.change { $0 = bytes?.text ?? "end" }
          } catch {
            outcome.change { $0 = "\(error)" }
          }
        }
        served.change { $0 = connection }
        await mayReturn.pass()
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try eventually("the task waits") { served.value?.hasReceiver ?? false }
        mayReturn.open()
        #expect(try client.receiveToEnd().isEmpty)
        try eventually("the task was resumed") { outcome.value != nil }
        #expect(outcome.value == "end")
        served.change { $0 = nil }
      }
    }

    /// A task that outlives the handler meets a closed connection, not a crash.
    @Test(arguments: Setup.plainAndSecure)
    func aTaskThatOutlivesTheHandlerMeetsAClosedConnection(_ setup: Setup) async throws {
      let errors = Shared<[String]>([])
      let mayGo = Gate()
      let handler = Serve { connection in
        Task {
          await mayGo.pass()
          let end = try? await connection.receive()
          do {
            try await connection.send("late")
          } catch {
            errors.change { $0.append("\(error) \(end == nil)") }
          }
        }
      }
      try await withServer(handler, setup) { running in
        #expect(try running.connect().receiveToEnd().isEmpty)
        try eventually("it is closed") { running.metrics.open == 0 }
        mayGo.open()
        try eventually("the task was told") { errors.value.count == 1 }
        #expect(errors.value == ["the connection was closed by this side true"])
      }
    }
  }
}

extension Connection {
  /// Whether a task waits for input.
  fileprivate var hasReceiver: Bool {
    switch self {
    case let ready as NonBlockingConnection: ready.state.withLock { $0.readWaiter != nil }
    case let blocking as BlockingConnection: blocking.state.withLock { $0.isReceiving }
    default: false
    }
  }
}
