// A server as a service of swift-service-lifecycle, so that `Throng` itself does not need that package.

import ServiceLifecycle
import Throng

/// Runs a server as one of an application's services: a graceful shutdown drains it.
///
/// ```swift
/// let group = ServiceGroup(
///   services: [ServerService(server)], gracefulShutdownSignals: [.sigterm], logger: log)
/// try await group.run()
/// ```
public struct ServerService: Service {
  private let server: Server

  /// Creates the service.
  /// - Parameter server: what it runs.
  public init(_ server: Server) { self.server = server }

  /// Serves until a graceful shutdown has drained the server, or the task is cancelled.
  /// - Throws: ``ServerError`` when it cannot start, or has stopped without handlers that do not return.
  public func run() async throws {
    try await withGracefulShutdownHandler {
      try await server.run()
    } onGracefulShutdown: {
      server.stop()
    }
  }
}
