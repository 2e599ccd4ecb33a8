// A server that runs for the length of a test: on a port that the kernel chooses, stopped at the end, and
// with time limits that end a hang.

import LinuxSystem
import Logging
import Throng

/// The server under test.
public struct TestServer: Sendable {
  /// The server itself, for its metrics.
  public let server: Server
  private let deadline: MonotonicTime
  private let timeLimit: Duration

  init(_ server: Server, timeLimit: Duration) {
    self.server = server
    self.timeLimit = timeLimit
    deadline = .now + timeLimit
  }

  /// Where it listens.
  public var address: SocketAddress { server.addresses[0] }

  /// A new client, whose calls end at the time limit of the test.
  public func connect() throws -> TestConnection {
    try TestConnection(to: address, deadline: deadline, timeLimit: timeLimit)
  }
}

/// Runs a server on a free port of 127.0.0.1 for the length of `body`, and stops it.
///
/// ```swift
/// try await withServer(Greeter(), model: .reactor) { server in
///   let client = try server.connect()
///   try client.send("hello\n")
///   try client.expect("Hi!\n")
/// }
/// ```
/// - Parameters:
///   - handler: serves the clients.
///   - model: how.
///   - timeLimit: for all that clients do; it only ends a hang.
///   - configure: changes the configuration.
///   - body: runs on a thread of its own, so it may block.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, and ``ServerError`` when the server cannot run or its handlers do not end.
public func withServer<Result: Sendable>(
  _ handler: some Handler & Sendable, model: Model = .reactor, timeLimit: Duration = .seconds(30),
  configure: (inout Configuration) -> Void = { _ in },
  _ body: @escaping @Sendable (TestServer) throws -> Result
) async throws -> Result {
  try await run(timeLimit, configure, body) {
    Server(handler, model: model, configuration: $0, log: .silent)
  }
}

/// The same for an event handler.
public func withServer<Result: Sendable>(
  events handler: some EventHandler & Sendable, model: Model = .reactor,
  timeLimit: Duration = .seconds(30),
  configure: (inout Configuration) -> Void = { _ in },
  _ body: @escaping @Sendable (TestServer) throws -> Result
) async throws -> Result {
  try await run(timeLimit, configure, body) {
    Server(events: handler, model: model, configuration: $0, log: .silent)
  }
}

/// The server starts the body: its time limit must not begin before, because on a busy machine it may take
/// long until a task gets one of the threads of Swift's pool.
private func run<Result: Sendable>(
  _ timeLimit: Duration, _ configure: (inout Configuration) -> Void,
  _ body: @escaping @Sendable (TestServer) throws -> Result,
  _ makeServer: (Configuration) -> Server
) async throws -> Result {
  var configuration = Configuration(host: "127.0.0.1", port: 0)
  configuration.drainTimeout = timeLimit
  configure(&configuration)
  let (outcomes, outcome) = AsyncStream.makeStream(of: Swift.Result<Result, any Error>.self)
  configuration.started = { [started = configuration.started] server in
    started?(server)
    onThread {
      try body(TestServer(server, timeLimit: timeLimit))
    } then: {
      outcome.yield($0)
      outcome.finish()
      if case .success = $0 { server.stop() } else { server.stopNow() }
    }
  }
  do {
    try await makeServer(configuration).run()
  } catch {
    // It has not started; or else what the body has thrown says more.
    outcome.finish()
    for await case .failure(let failure) in outcomes { throw failure }
    throw error
  }
  var iterator = outcomes.makeAsyncIterator()
  guard let result = await iterator.next() else { throw CancellationError() }
  return try result.get()
}

/// What blocks must not hold a thread of Swift's pool, of which there are few.
private func onThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value,
  then conclude: @escaping @Sendable (Result<Value, any Error>) -> Void
) {
  do {
    try Thread.startDetached(stackSize: 1 << 20) { conclude(Result { try body() }) }
  } catch {
    conclude(.failure(error))
  }
}

extension Logger {
  fileprivate static var silent: Logger {
    Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  }
}

extension Model {
  /// One of each kind: a handler that is right under all of them makes no assumption about threads.
  public static let everyKind: [Model] = [
    .reactor, .reactor(loops: 2), .threadPool(threads: 2), .threadPerClient,
  ]
}
