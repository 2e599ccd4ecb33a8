// A server that runs on a thread of its own for the length of a test, and what it must leave behind:
// no descriptor and no thread. The suites run one test at a time, so the process can be counted.

import Logging
import Throng
import ThrongTLS

package final class RunningServer: Sendable {
  package let server: Server
  private let outcome = Shared<Result<Void, any Error>?>(nil)

  package init(_ server: Server) throws {
    self.server = server
    if server.addresses.isEmpty { try server.listen() }
    // The blocking form of `run` handles signals, which is the command's business.
    Task { [outcome] in
      do {
        try await server.run()
        outcome.change { $0 = .success(()) }
      } catch {
        outcome.change { $0 = .failure(error) }
      }
    }
  }

  package var address: SocketAddress { server.addresses[0] }
  package var metrics: Metrics { server.metrics }
  package var hasStopped: Bool { outcome.value != nil }

  package func connect(timeout: Duration = .seconds(30), receiveBuffer: Int? = nil) throws
    -> TestClient
  {
    try TestClient(
      address, timeout: timeout, receiveBuffer: receiveBuffer,
      isSecure: server.configuration.security != nil)
  }

  /// A new client; nil when it was reset while connect(2) was still under way.
  package func connectUnlessReset() throws -> TestClient? {
    do {
      return try connect()
    } catch let failure as TestClient.Failure where failure.errno == .connectionReset {
      return nil
    }
  }

  package func refusesAClient() throws -> Bool { try connectUnlessReset()?.isReset() ?? true }

  package func waitUntilStopped(within limit: Duration = .seconds(30)) throws {
    try eventually("the server has stopped", within: limit) { hasStopped }
    try outcome.value?.get()
  }
}

/// Runs a server for the length of `body`, stops it and checks what it leaves behind.
package func withServer<Outcome: Sendable>(
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

/// Runs the body for each item at once, each on a thread of its own, for tests that mostly wait: see
/// ``runAndStop(_:_:_:)``. What all of them leave behind is checked at the end.
/// - Parameter body: returns where it has served. It belongs to no test: it throws instead of `#expect`.
package func atOnce<Item: Sendable>(
  _ items: [Item], _ body: @escaping @Sendable (Item) throws -> [SocketAddress]
) async throws {
  try await withTaskExecutorPreference(TestThread.shared) {
    await WarmUp.done.value
    let before = Footprint.now
    let addresses = Shared<[SocketAddress]>([])
    try concurrently(items.count) { index in
      do {
        let served = try body(items[index])
        addresses.change { $0 += served }
      } catch {
        throw TestFailure("\(items[index]): \(error)")
      }
    }
    try before.expectNothingLeftBehind(of: addresses.value)
  }
}

/// Runs a server for the length of `body` and stops it.
package func runAndStop<Outcome: Sendable>(
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
package func withServer<Outcome: Sendable>(
  _ handler: some Handler & Sendable, _ setup: Setup,
  configure: @escaping @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  try await withServer(
    { Server(handler, model: setup.model, configuration: $0, log: $1) },
    configure: try securing(setup, configure), body)
}

/// The same for an event handler.
package func withServer<Outcome: Sendable>(
  events handler: some EventHandler & Sendable, _ setup: Setup,
  configure: @escaping @Sendable (inout Configuration) -> Void = { _ in },
  _ body: @Sendable (RunningServer) throws -> Outcome
) async throws -> Outcome {
  try await withServer(
    { Server(events: handler, model: setup.model, configuration: $0, log: $1) },
    configure: try securing(setup, configure), body)
}

private func securing(
  _ setup: Setup, _ configure: @escaping @Sendable (inout Configuration) -> Void
) throws -> @Sendable (inout Configuration) -> Void {
  guard setup.isSecure else { return configure }
  let files = try TestCertificates.shared.server
  let security = try TransportSecurity.tls(
    TLSServerConfiguration(certificatePath: files.certificate, keyPath: files.key))
  return {
    $0.security = security
    configure(&$0)
  }
}

/// Swift's runtime opens descriptors of its own at the first sleep, and keeps them.
package enum WarmUp {
  package static let done = Task { () -> Void in
    try? await Task.sleep(for: .milliseconds(1))  // a handler sleeps, later
  }
}

extension Logger {
  /// Says nothing.
  package static var quiet: Logger {
    Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  }
}
