// A server that runs on a thread of its own for the length of a test, and what it must leave behind:
// no descriptor and no thread. The suites run one test at a time, so the process can be counted.

import CEpollShim
import Glibc
import LinuxSystem
import Logging
import SystemPackage
import Testing

@testable import Throng

/// Everything is under this suite, so nothing else opens descriptors while a test counts them.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum AllTests {}

/// Where servers listen. No client has this address, unlike 127.0.0.1, from which the kernel connects
/// them: a socket that has it is a server's.
let testHost = "127.0.0.9"

/// One way to run a server.
struct Setup: Sendable, CustomTestStringConvertible {
  let model: Model
  var testDescription: String { model.description }

  static let all: [Setup] = [
    Setup(model: .reactor), Setup(model: .reactor(loops: 2)), Setup(model: .threadPool(threads: 1)),
    Setup(model: .threadPool(threads: 2)), Setup(model: .threadPerClient),
  ]

  var loops: Int { if case .reactor(let loops) = model.kind { loops } else { 1 } }
  var isThreadPerClient: Bool { !model.isReadinessDriven }
}

/// Which of the two handler APIs serves.
enum API: CaseIterable, Sendable {
  case handler, events
}

final class RunningServer: Sendable {
  let server: Server
  private let outcome = Monitor<Result<Void, any Error>?>(nil)

  init(_ server: Server) throws {
    self.server = server
    if server.addresses.isEmpty { try server.listen() }
    // The blocking form of `run` handles signals, which is the command's business.
    Task { [outcome] in
      do {
        try await server.run()
        outcome.withLock { $0 = .success(()) }
      } catch {
        outcome.withLock { $0 = .failure(error) }
      }
    }
  }

  var address: SocketAddress { server.addresses[0] }
  var metrics: Metrics { server.metrics }
  var hasStopped: Bool { outcome.withLock { $0 != nil } }

  func connect(timeout: Duration = .seconds(30), receiveBuffer: Int? = nil) throws -> TestClient {
    try TestClient(address, timeout: timeout, receiveBuffer: receiveBuffer)
  }

  /// A new client; nil when it was reset while connect(2) was still under way.
  func connectUnlessReset() throws -> TestClient? {
    do {
      return try connect()
    } catch let failure as TestClient.Failure where failure.errno == .connectionReset {
      return nil
    }
  }

  func refusesAClient() throws -> Bool { try connectUnlessReset()?.isReset() ?? true }

  func waitUntilStopped(within limit: Duration = .seconds(30)) throws {
    try eventually("the server has stopped", within: limit) { hasStopped }
    try outcome.withLock { $0 }?.get()
  }
}

/// Runs a server for the length of `body`, stops it and checks what it leaves behind.
func withServer<Outcome: Sendable>(
  _ make: @Sendable (Configuration, Logger) -> Server,
  configure: @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  try await withTaskExecutorPreference(TestThread.shared) {
    await WarmUp.done.value
    let before = Footprint.now
    let (outcome, addresses) = try runAndStop(make, configure, body)
    try before.expectNothingLeftBehind(of: addresses)
    return outcome
  }
}

private func runAndStop<Outcome: Sendable>(
  _ make: @Sendable (Configuration, Logger) -> Server,
  _ configure: @Sendable (inout Configuration) -> Void,
  _ body: @Sendable (RunningServer) throws -> Outcome
) throws -> (Outcome, [SocketAddress]) {
  var configuration = Configuration(host: testHost, port: 0)
  configure(&configuration)
  let isStarted = Shared(false)
  let started = configuration.started
  configuration.started = {
    started?($0)
    isStarted.change { $0 = true }
  }
  let running = try RunningServer(make(configuration, .quiet))
  defer { running.server.stopNow() }
  // From now on it opens nothing but connections.
  try eventually("the server runs") { isStarted.value || running.hasStopped }
  let outcome = try body(running)
  running.server.stop()
  try running.waitUntilStopped()
  return (outcome, running.server.addresses)
}

/// The same for a handler.
func withServer<Outcome: Sendable>(
  _ handler: some Handler, _ setup: Setup,
  configure: @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  try await withServer(
    { Server(handler, model: setup.model, configuration: $0, log: $1) }, configure: configure, body)
}

/// The same for an event handler.
func withServer<Outcome: Sendable>(
  events handler: some EventHandler, _ setup: Setup,
  configure: @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  try await withServer(
    { Server(events: handler, model: setup.model, configuration: $0, log: $1) },
    configure: configure, body)
}

/// A handler made of a closure.
struct Serve: Handler {
  private let body: @Sendable (Connection) async throws -> Void
  init(_ body: @escaping @Sendable (Connection) async throws -> Void) { self.body = body }
  func handle(_ connection: Connection) async throws { try await body(connection) }
}

/// Swift's runtime opens descriptors of its own at the first sleep, and keeps them.
enum WarmUp {
  static let done = Task { () -> Void in
    try? await Task.sleep(for: .milliseconds(1))  // a handler sleeps, later
  }
}

/// What the process has open. Other targets would open descriptors at the same time, so `make test` gives
/// this one a process of its own.
struct Footprint {
  /// Epoll instances, eventfds and signalfds.
  let descriptors: Int
  let threads: Int

  static var now: Footprint {
    Footprint(
      descriptors: openDescriptors.count { isForEvents($0) },
      threads: entries("/proc/self/task").count)
  }

  /// Swift's own pool may have grown meanwhile, and other suites have threads.
  private static let otherThreads = 16

  func expectNothingLeftBehind(of addresses: [SocketAddress]) throws {
    try eventually("no epoll instance or eventfd is left behind") {
      Footprint.now.descriptors <= descriptors
    }
    try eventually("no socket is left behind at \(addresses)") {
      !Footprint.openDescriptors.contains { fd in
        SocketAddress.from { shim_getsockname(fd, $0, $1) }.map(addresses.contains) ?? false
      }
    }
    try eventually("no thread is left behind, there were \(threads)") {
      Footprint.now.threads <= threads + Self.otherThreads
    }
  }

  private static var openDescriptors: [CInt] { entries("/proc/self/fd").compactMap { CInt($0) } }

  private static func isForEvents(_ fd: CInt) -> Bool {
    var target = [UInt8](repeating: 0, count: 64)
    let count = target.withUnsafeMutableBytes {
      readlink("/proc/self/fd/\(fd)", $0.baseAddress!, $0.count)
    }
    let text = String(decoding: target.prefix(max(0, count)), as: UTF8.self)
    return ["[eventpoll]", "[eventfd]", "[signalfd]"].contains { text.hasSuffix($0) }
  }

  private static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      withUnsafeBytes(of: entry.pointee.d_name) {
        names.append(String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self))
      }
    }
    return names
  }
}

extension Logger {
  /// Says nothing.
  static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
