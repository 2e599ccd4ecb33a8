// An echo server built on the library, for loads that a single blocking thread cannot serve.

import LinuxSystem
import Logging
import Throng

@testable import ThrongLoad

enum EchoServer {
  struct Echo: Handler {
    func handle(_ connection: Connection) async throws {
      for try await bytes in connection.inbound { try await connection.send(bytes) }
    }
  }

  /// Runs a load of a few hundred milliseconds against it, or longer: see `Load.run`.
  static func run(_ change: (inout LoadOptions) -> Void) throws -> LoadResult {
    try run(until: Load.isMeasured, change)
  }

  static func run(
    idleTimeout: Duration? = nil, until isEnough: (LoadResult) -> Bool,
    _ change: (inout LoadOptions) -> Void
  ) throws -> LoadResult {
    var connections = ConnectionOptions()
    connections.idleTimeout = idleTimeout
    return try TestServer.run(Echo(), connections: connections, until: isEnough, change)
  }
}

enum TestServer {
  static func run(
    _ handler: some Handler & Sendable, _ change: (inout LoadOptions) -> Void
  ) throws -> LoadResult {
    var connections = ConnectionOptions()
    connections.idleTimeout = nil
    return try run(handler, connections: connections, until: Load.isMeasured, change)
  }

  /// - Parameters:
  ///   - security: TLS of the server.
  ///   - clientSecurity: TLS of the load generator.
  static func run(
    _ handler: some Handler & Sendable, connections: ConnectionOptions,
    security: TransportSecurity? = nil, clientSecurity: ClientTransportSecurity? = nil,
    until isEnough: (LoadResult) -> Bool, _ change: (inout LoadOptions) -> Void
  ) throws -> LoadResult {
    var configuration = Configuration()
    configuration.listen = [.host("127.0.0.1", port: 0)]
    configuration.connection = connections
    configuration.security = security
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = Server(handler, configuration: configuration, log: log)
    try server.listen()
    let thread = try Thread(stackSize: 1 << 20) { try? server.run() }
    var options = Load.options(port: server.addresses[0].port ?? 0)
    change(&options)
    let result = Result {
      try Load.longEnough(options, until: isEnough) {
        try LoadRunner($0, security: clientSecurity).run()
      }
    }
    server.stop()
    thread.join()
    return try result.get()
  }
}
