// Serves the metrics of a server over HTTP, on a listener and an event loop of its own: it answers when
// the observed server is full or its loops are busy.

import LinuxSystem
import Logging
import Throng

/// An HTTP server for the metrics of a ``Server``: `/metrics` for Prometheus, `/healthz`,
/// `/connections.json`, and `/`, a page that shows them live.
///
/// It has no access control: let it listen on a loopback address or in a network that is trusted.
public final class MetricsServer: Sendable {
  private let server: Server
  private let observed: Server
  private let hasEnded = Monitor(true)

  /// Maximum clients at once. A browser and a few scrapers need less; further ones wait.
  public static let maximumConnections = 64

  /// - Parameters:
  ///   - observed: the server whose metrics are served; it may not run yet.
  ///   - endpoint: where to listen.
  ///   - log: what goes wrong is logged there.
  public init(
    observing observed: Server, on endpoint: Endpoint, log: Logger = Logger(label: "throng.metrics")
  ) {
    self.observed = observed
    var configuration = Configuration()
    configuration.listen = [ListenerConfiguration(endpoint)]
    configuration.maximumConnections = Self.maximumConnections
    configuration.maximumConnectionsPerAddress = nil
    configuration.backlog = 128
    configuration.drainTimeout = .seconds(1)
    configuration.connection.firstByteTimeout = .seconds(10)
    configuration.connection.idleTimeout = .seconds(60)
    configuration.connection.sendTimeout = .seconds(10)
    server = Server(
      MetricsHandler(source: MetricsSource(server: observed)), configuration: configuration,
      log: log)
    server.becomeCompanion()
  }

  /// Where it listens; empty before ``listen()``.
  public var addresses: [SocketAddress] { server.addresses }

  /// Binds and listens.
  /// - Throws: ``ServerError``, as ``Server/listen()`` does.
  public func listen() throws(ServerError) { try server.listen() }

  /// Serves until ``stop()`` or until the task is cancelled.
  /// - Throws: ``ServerError``, as the asynchronous `Server.run()` does.
  public func run() async throws(ServerError) { try await server.run() }

  /// Serves on threads of its own, which no signal reaches, and returns at once: for a program whose main
  /// thread runs the observed server. At an upgrade of that one the new process takes over this listener, too.
  /// - Throws: ``ServerError`` when no thread can be started.
  public func start() throws(ServerError) {
    hasEnded.withLock { $0 = false }
    do {
      try server.start(beside: observed) { [hasEnded] in
        hasEnded.withLock { $0 = true }
        hasEnded.wakeAll()
      }
    } catch {
      hasEnded.withLock { $0 = true }
      throw error
    }
  }

  /// Stops, and ends the connections within a second. Does not wait; any thread.
  public func stop() { server.stop() }

  /// Stops what ``start()`` has begun and waits for its end, so that the program may exit: the file of a Unix
  /// socket is removed then. Two seconds at most.
  public func stopAndWait() {
    stop()
    _ = hasEnded.wait(until: .now + .seconds(2)) { $0 ? () : nil }
  }
}
