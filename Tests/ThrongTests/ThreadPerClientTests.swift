// Thread-per-client: threads that wait need no descriptor, are woken without holding the connection's
// lock, and a client for which no thread can be had is kept.

import CEpollShim
import LinuxSystem
import Logging
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

/// A task that waits in `send`, and whose status is locked for as long as the test wants: a thread that raises
/// its priority holds the lock while the handler for that runs.
private final class LockedSender: Sendable {
  static let size = 1 << 20

  let executor = ThreadExecutor(stackSize: 512 * 1024)
  private let client = Shared<Connection?>(nil)
  private let task = Shared<Task<Void, any Error>?>(nil)
  private let isLocked = Shared(false)
  private let mayGo = Shared(false)
  private let isRaised = Shared(false)

  var connection: Connection? { client.value }

  func start(on connection: Connection) {
    client.change { $0 = connection }
    let new = Task(executorPreference: executor, priority: .low) { [self] in
      try await withTaskPriorityEscalationHandler {
        try await connection.send(Bytes([UInt8](repeating: 1, count: Self.size)))
      } onPriorityEscalated: { _, _ in
        isLocked.change { $0 = true }
        try? eventually("the test lets through", within: .seconds(20)) { mayGo.value }
      }
    }
    task.change { $0 = new }
  }

  func lock() throws {
    try eventually("the sender waits") {
      (connection as? BlockingConnection)?.state.withLock { $0.writeWaiters.count } == 1
    }
    // One thread runs both, so the sender is suspended when this has run.
    let isSuspended = Shared(false)
    Task(executorPreference: executor) { isSuspended.change { $0 = true } }
    try eventually("the sender is suspended") { isSuspended.value }
    let sender = try #require(task.value)
    TestThread.start { [self] in
      sender.escalatePriority(to: .high)
      isRaised.change { $0 = true }
    }
    try eventually("its status is locked") { isLocked.value }
  }

  func letThrough() { mayGo.change { $0 = true } }

  func forget() throws {
    try eventually("the priority is raised") { isRaised.value }
    client.change { $0 = nil }
    task.change { $0 = nil }
  }
}

extension AllTests {
  @Suite struct ThreadPerClient {
    private static let setup = Setup(model: .threadPerClient)

    private static let narrow: @Sendable (inout Configuration) -> Void = {
      $0.connection.sendBufferSize = 16384
      $0.connection.receiveBufferSize = 16384
    }

    /// Resuming a task takes the lock of its status, which is held here by the one who raises its
    /// priority, and by a canceller otherwise. That one may wait for the connection's lock.
    @Test func resumingASenderDoesNotHoldTheConnectionsLock() async throws {
      let sender = LockedSender()
      TestThread.start { sender.executor.run() }
      defer { sender.executor.finish() }
      let handler = Serve { connection in
        sender.start(on: connection)
        // Waiting for the task would raise its priority.
        for try await _ in connection.inbound {}
      }
      try await withServer(handler, Self.setup, configure: Self.narrow) { running in
        defer { sender.letThrough() }
        let client = try running.connect(receiveBuffer: 16384)
        try sender.lock()
        let isFree = Shared(false)
        let lowWaterMark = running.server.configuration.connection.lowWaterMark
        TestThread.start {
          try? eventually("it goes on", within: .seconds(20)) {
            (sender.connection?.outboxByteCount ?? 0) <= lowWaterMark
          }
          isFree.change { $0 = true }
        }
        let left = Shared(LockedSender.size)
        TestThread.start {
          while let count = try? client.receive().count, count > 0 { left.change { $0 -= count } }
        }
        try eventually("the sender can go on, and the connection's lock is free") {
          isFree.value
        }
        sender.letThrough()
        try eventually("everything has arrived") { left.value == 0 }
        try client.finishSending()
        try sender.forget()
        sender.executor.finish()
      }
    }

    /// Child tasks that send are cancelled at random moments; stopping the server shows that none of
    /// the threads involved waits for another.
    @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
    func cancellingSendersAtRandomMomentsDoesNotStopTheServer(_ seed: UInt64) async throws {
      print("seed \(seed)")
      let rounds = 2000
      let handler = Serve { connection in
        var generator = SeededGenerator(seed: seed)
        let bytes = Bytes([UInt8](repeating: 7, count: 3000))
        for _ in 0..<rounds {
          let pause = Int.random(in: 0...200, using: &generator)
          let sender = Task { try? await connection.send(bytes) }
          for _ in 0..<pause { await Task.yield() }
          sender.cancel()
          await sender.value
        }
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.narrow(&$0)
        $0.connection.highWaterMark = 4096
        $0.connection.lowWaterMark = 2048
      }
      try await withServer(handler, Self.setup, configure: configure) { running in
        try concurrently(4) { _ in
          let client = try running.connect(timeout: .seconds(60), receiveBuffer: 16384)
          // A cancelled send that would have to wait sends nothing; the others arrive whole.
          let count = try client.receiveToEnd().count
          #expect(count > 0 && count <= rounds * 3000 && count % 3000 == 0)
        }
      }
    }

    /// Threads that wait for slow clients, and child tasks that wait for input, cost no descriptor:
    /// where there was none left, the client was reset, or the receive failed.
    @Test func waitingForAClientTakesNoDescriptor() async throws {
      let size = 4 << 20
      let handler = Serve { connection in
        if try await connection.receive()?.text == "s" {
          return try await connection.send(Bytes([UInt8](repeating: 1, count: size)))
        }
        try await connection.send("+")
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            while let bytes = try? await connection.receive() { try? connection.write(bytes) }
          }
        }
      }
      try await withServer(handler, Self.setup, configure: Self.narrow) { running in
        let chatty = try (0..<5).map { _ in try running.connect() }
        for client in chatty {
          try client.send("c")
          #expect(try client.receiveText(1) == "+")
        }
        let before = Footprint.now.descriptors
        let slow = try (0..<5).map { _ in try running.connect(receiveBuffer: 16384) }
        for client in slow {
          try client.send("s")
          // More than the kernel's buffers hold, so the sender has waited before.
          _ = try client.receive(exactly: size / 2)
        }
        var most = before
        for _ in 0..<50 {
          for client in chatty {
            try client.send("x")
            #expect(try client.receiveText(1) == "x")
            most = max(most, Footprint.now.descriptors)
          }
        }
        #expect(most == before)
        for client in slow { #expect(try client.receiveToEnd().count == size / 2) }
      }
    }

    /// Broadcasts to clients that do not read need no further threads.
    @Test(arguments: API.allCases)
    func whatOthersHaveWrittenIsSentWithoutAnotherThread(_ api: API) async throws {
      let count = 40
      let size = 1 << 20
      let all = Shared<[Connection]>([])
      struct Joining: EventHandler {
        let all: Shared<[Connection]>
        func opened(_ connection: Connection) { all.change { $0.append(connection) } }
        func received(_ bytes: Bytes, on connection: Connection) {}
      }
      let body: @Sendable (RunningServer) throws -> Void = { running in
        let clients = try (0..<count).map { _ in try running.connect(receiveBuffer: 16384) }
        try eventually("all are there") { all.value.count == count }
        let before = Footprint.now.threads
        let message = Bytes([UInt8](repeating: 1, count: size))
        for connection in all.value { try connection.write(message) }
        #expect(Footprint.now.threads < before + count / 2)
        for client in clients { #expect(try client.receive(exactly: size).count == size) }
        all.change { $0 = [] }
      }
      switch api {
      case .handler:
        let handler = Serve { connection in
          all.change { $0.append(connection) }
          for try await _ in connection.inbound {}
        }
        try await withServer(handler, Self.setup, configure: Self.narrow, body)
      case .events:
        try await withServer(
          events: Joining(all: all), Self.setup, configure: Self.narrow, body)
      }
    }

    /// A copy of the segments for each sendmsg(2) makes flushing many of them quadratic.
    @Test func flushingDoesNotCopyTheQueue() async throws {
      let connection = Shared<Connection?>(nil)
      let handler = Serve { client in
        connection.change { $0 = client }
        for try await _ in client.inbound {}
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        Self.narrow(&$0)
        $0.connection.slowReaders = SlowReaderPolicy(outboxLimit: 4 << 20)
      }
      try await withServer(handler, Self.setup, configure: configure) { running in
        let client = try running.connect(receiveBuffer: 16384)
        try eventually("it is there") { connection.value != nil }
        let blocking = try #require(connection.value as? BlockingConnection)
        let message = Bytes([UInt8](repeating: 1, count: 1000))
        for _ in 0..<2000 { try blocking.write(message) }
        var places: Set<UnsafeRawPointer> = []
        var left = 2_000_000
        while left > 100_000 {
          left -= try client.receive().count
          blocking.state.withLock { s in
            let front = s.outbox.front()
            guard !front.isEmpty else { return }
            front.withUnsafeBufferPointer {
              _ = places.insert(UnsafeRawPointer($0.baseAddress! - front.startIndex))
            }
          }
        }
        #expect(places.count == 1)
        _ = try client.receive(exactly: left)
        connection.change { $0 = nil }
      }
    }
  }
}
