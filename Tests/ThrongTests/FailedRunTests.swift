// A server that cannot run, or not with all of its loops, leaves no port behind on which no server answers.

import LinuxSystem
import SystemPackage
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct FailedRuns {
    private static func echo(_ setup: Setup) -> Server {
      Server(
        Echo(), model: setup.model, configuration: Configuration(host: testHost, port: 0),
        log: .quiet)
    }

    @Test(arguments: Setup.all)
    func aServerThatCannotRunFreesItsPorts(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let server = Self.echo(setup)
        try server.listen()
        #expect(throws: ServerError.self) {
          try server.run(watching: { () throws(Errno) in throw .tooManyOpenFiles })
        }
        try before.expectNothingLeftBehind(of: server.addresses)
        #expect(throws: TestClient.Failure.self) { try TestClient(server.addresses[0]) }
      }
    }

    @Test(arguments: Setup.all)
    func aServerWithoutThreadsFreesItsPorts(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let server = Self.echo(setup)
        try server.listen()
        let error = #expect(throws: ServerError.self) {
          try server.run(
            watching: { nil },
            starting: { _ throws(Errno) in throw .resourceTemporarilyUnavailable })
        }
        #expect("\(try #require(error))".hasPrefix("cannot start a thread: "))
        try before.expectNothingLeftBehind(of: server.addresses)
      }
    }

    @Test(arguments: Setup.all)
    func aServerThatNeverRunsKeepsNoDescriptor(_ setup: Setup) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        for _ in 0..<20 {
          let server = Self.echo(setup)
          try server.listen()
          server.stop()
        }
        #expect(Footprint.now.descriptors == before.descriptors)
      }
    }

    /// Were the listener of a loop without a thread open, the kernel would give it a share of the clients.
    @Test(arguments: [Model.reactor(loops: 3), .threadPool(threads: 3)])
    func aServerWithFewerThreadsSaysSoAndServesEveryClient(_ model: Model) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let (warnings, announced) = (Shared<[String]>([]), Shared<Model?>(nil))
        var configuration = Configuration(host: testHost, port: 0)
        configuration.started = { server in announced.change { $0 = server.runningModel } }
        let server = Server(
          Echo(), model: model, configuration: configuration, log: .recordingWarnings(warnings))
        try server.listen()
        defer { server.stopNow() }
        #expect(server.runningModel == model)
        let (isOver, startedCount) = (Shared(false), Shared(0))
        TestThread.start {
          try? server.run(watching: { nil }) { body throws(Errno) in
            startedCount.change { $0 += 1 }
            if startedCount.value > 2 { throw .resourceTemporarilyUnavailable }
            return try LoopThreads.startThread(body)
          }
          isOver.change { $0 = true }
        }
        try eventually("the server runs") { announced.value != nil }
        #expect(announced.value == model.with(threadCount: 2))
        #expect(server.runningModel == model.with(threadCount: 2))
        #expect(warnings.value.count == 1)
        #expect(warnings.value[0].hasSuffix("serving with fewer threads than the model has: 2"))
        for _ in 0..<20 {
          let client = try TestClient(server.addresses[0])
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
        server.stop()
        try eventually("it has stopped") { isOver.value }
        try before.expectNothingLeftBehind(of: server.addresses)
      }
    }

    /// Each wait for events fails from now on, as after a bug that closes a descriptor of another.
    @Test(arguments: Setup.all)
    func aLoopThatCannotWaitForEventsStopsTheServerWithAnErrorThatNamesTheCall(
      _ setup: Setup
    ) async throws {
      try await withTaskExecutorPreference(TestThread.shared) {
        await WarmUp.done.value
        let before = Footprint.now
        let drivers = Shared<[any EventLoop]>([])
        let handler = Serve { connection in
          drivers.change { $0.append(connection.context.loop) }
          for try await bytes in connection.inbound { try await connection.send(bytes) }
        }
        var configuration = Configuration(host: testHost, port: 0)
        configuration.drainTimeout = .seconds(60)
        let running = try RunningServer(
          Server(handler, model: setup.model, configuration: configuration, log: .quiet))
        defer { running.server.stopNow() }
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        try drivers.value[0].breakEvents()
        drivers.change { $0 = [] }
        let error = #expect(throws: ServerError.self) { try running.waitUntilStopped() }
        guard case .eventLoop(let cause) = error else { throw TestFailure("\(error as Any)") }
        #expect(cause == EventLoopError(call: "epoll_wait", errno: .invalidArgument))
        try before.expectNothingLeftBehind(of: running.server.addresses)
      }
    }
  }
}
