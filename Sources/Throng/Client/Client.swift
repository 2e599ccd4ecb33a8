// Connections for programs: opened, used and closed by tasks, without a handler. One client loop on a thread
// of its own, which ends with the client.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

/// Opens connections that the caller uses itself. They can be used for as long as the client exists, and for
/// ``Options/drainTimeout`` after that.
///
/// ```swift
/// let answer = try await Client.withConnection(to: "localhost", port: 52000) { connection in
///   try await connection.send("ping\n")
///   return try await connection.receive()
/// }
/// ```
public final class Client: Sendable {
  /// How a client connects.
  public struct Options: Sendable {
    /// Limits and settings of each connection.
    public var connection = OpenOptions()
    /// How often to try in all; a host's addresses count as one try.
    public var attempts = 1
    /// How long to wait before the second try; each further wait is twice as long, at most 30 seconds.
    public var retryDelay: Duration = .milliseconds(100)
    /// When an address of a host has not answered for so long, the next one is tried beside it (RFC 8305).
    public var attemptDelay: Duration = .milliseconds(250)
    /// How long connections that are in use when the client ends may take to finish.
    public var drainTimeout: Duration = .seconds(10)

    /// Creates the default options.
    public init() {}
  }

  private let options: Options
  private let loop: ClientLoop
  private let lastID = Atomic<Int>(0)

  /// Starts the client's thread.
  /// - Throws: EMFILE or EAGAIN when the process is out of descriptors or threads.
  public init(
    options: Options = Options(), log: Logger = Logger(label: "throng")
  ) throws(Errno) {
    var limits = Connector.Options()
    limits.drainTimeout = options.drainTimeout
    let loop = try ClientLoop(.opener, limits, log: log) { _ in }
    self.options = options
    self.loop = loop
    do throws(Errno) {
      try Thread.startDetached(stackSize: 1 << 20) {
        // The loop has logged why it failed, and has reset its connections.
        try? loop.run()
      }
    } catch {
      loop.discard()
      throw error
    }
  }

  deinit { loop.requestStop(.draining) }

  /// Ends the client: attempts to connect fail, connections that are open can be used until they are
  /// closed, at most for ``Options/drainTimeout``. Does not wait; any thread.
  public func stop() { loop.requestStop(.draining) }

  /// Connects to one address.
  /// - Throws: ``ConnectFailure`` of the last try; `CancellationError` when the task is cancelled.
  public func connect(to address: SocketAddress) async throws -> Connection {
    try await retrying { try await self.open(address) }
  }

  /// Connects to the address of a host that answers first (RFC 8305).
  /// - Throws: ``AddressError`` when the host has no address; ``ConnectFailure`` of the last try;
  ///   `CancellationError` when the task is cancelled.
  public func connect(to host: String, port: Int) async throws -> Connection {
    try await retrying {
      let addresses = try await SocketAddress.resolveAsynchronously(host: host, port: port)
      return try await FirstToAnswer(addresses, delay: self.options.attemptDelay).connect {
        try await self.open($0)
      }
    }
  }

  private func open(_ address: SocketAddress) async throws -> Connection {
    let request = ConnectRequest(
      id: lastID.wrappingAdd(1, ordering: .relaxed).newValue, address: address, source: nil,
      serverName: options.connection.serverName)
    // The loop itself learns of a stop later, and lets the handlers of its connections go on.
    guard loop.askedStage == .running else { throw request.failure(.stopped) }
    return try await loop.open(request, options.connection, parent: nil)
  }

  private func retrying(
    _ body: @Sendable () async throws -> Connection
  ) async throws -> Connection {
    var delay = options.retryDelay
    for _ in 1..<max(1, options.attempts) {
      do {
        return try await body()
      } catch let failure as ConnectFailure where failure.reason != .stopped {
        try await Task.sleep(for: delay)
        delay = min(delay * 2, .seconds(30))
      }
    }
    return try await body()
  }
}

extension Client {
  /// Connects to one address for the length of `body`, and closes; for programs with few connections.
  /// - Throws: as ``connect(to:)`` does, and what `body` throws.
  public nonisolated(nonsending) static func withConnection<Result>(
    to address: SocketAddress, options: Options = Options(),
    _ body: nonisolated(nonsending) (Connection) async throws -> Result
  ) async throws -> Result {
    let client = try Client(options: options)
    return try await use(try await client.connect(to: address), of: client, body)
  }

  /// The same for the address of a host that answers first.
  public nonisolated(nonsending) static func withConnection<Result>(
    to host: String, port: Int, options: Options = Options(),
    _ body: nonisolated(nonsending) (Connection) async throws -> Result
  ) async throws -> Result {
    let client = try Client(options: options)
    return try await use(try await client.connect(to: host, port: port), of: client, body)
  }

  private nonisolated(nonsending) static func use<Result>(
    _ connection: Connection, of client: Client,
    _ body: nonisolated(nonsending) (Connection) async throws -> Result
  ) async throws -> Result {
    defer {
      connection.close()
      client.stop()
    }
    return try await body(connection)
  }
}
