// Outbound connections: the same handlers as a server's, on connections that this side opens. One
// reactor of its own, on the thread that calls `run`.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

/// Opens connections and serves each with a handler, all on one thread.
///
/// ```swift
/// let connector = try Connector(Caller())
/// connector.connect(to: try SocketAddress.resolve(host: "localhost", port: 52000)[0])
/// try connector.run()  // until stop()
/// ```
public final class Connector: Sendable {
  /// Limits of a connector and of its connections.
  public struct Options: Sendable {
    /// How long a server may take to answer.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a stopping connector lets handlers finish before it resets the rest.
    public var drainTimeout: Duration = .seconds(10)
    /// TLS on every connection; nil: none.
    public var security: ClientTransportSecurity?
    /// Begins each connection with a PROXY protocol header of version 2 that names its own addresses, for
    /// servers that require one.
    public var sendsProxyHeader = false
    /// The limits of each connection.
    public var connection = ConnectionOptions()

    /// Creates the default configuration.
    public init() {}
  }

  let clientLoop: ClientLoop
  private let lastID = Atomic<Int>(0)

  /// A connector whose connections are served by `handler`.
  /// - Parameters:
  ///   - handler: serves each connection once it is made.
  ///   - options: the limits of each connection, and of connecting.
  ///   - log: what goes wrong is logged there.
  ///   - failed: called on the loop's thread for each connection that was not made.
  /// - Throws: EMFILE when the process is out of descriptors.
  public convenience init(
    _ handler: some Handler & Sendable, options: Options = Options(),
    log: Logger = Logger(label: "throng"),
    failed: @escaping @Sendable (ConnectFailure) -> Void = { _ in }
  ) throws(Errno) {
    try self.init(.handler(handler), options, log, failed)
  }

  /// The same for the callback API.
  public convenience init(
    events handler: some EventHandler & Sendable, options: Options = Options(),
    log: Logger = Logger(label: "throng"),
    failed: @escaping @Sendable (ConnectFailure) -> Void = { _ in }
  ) throws(Errno) {
    try self.init(.events(EventCallbacksOf(handler)), options, log, failed)
  }

  /// The same for the callback API with a state for each connection.
  public convenience init(
    events handler: some StatefulEventHandler & Sendable, options: Options = Options(),
    log: Logger = Logger(label: "throng"),
    failed: @escaping @Sendable (ConnectFailure) -> Void = { _ in }
  ) throws(Errno) {
    try self.init(.events(StatefulEventCallbacks(handler)), options, log, failed)
  }

  private init(
    _ handler: ConnectionHandler, _ options: Options, _ log: Logger,
    _ failed: @escaping @Sendable (ConnectFailure) -> Void
  ) throws(Errno) {
    clientLoop = try ClientLoop(handler, options, log: log, failed: failed)
  }

  /// Begins to connect (connect(2)) and does not wait. Any thread, also before `run()`; on the loop's
  /// own thread the handler may begin before this returns.
  /// - Parameters:
  ///   - address: of the server.
  ///   - serverName: the name that the server's certificate must have, where ``Options/security`` is set;
  ///     nil: that of the security's configuration.
  /// - Returns: the ``Connection/id`` that the connection will have, counted from 1 on.
  @discardableResult
  public func connect(to address: SocketAddress, serverName: String? = nil) -> Int {
    let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
    connect(to: address, from: nil, id: id, serverName: serverName)
    return id
  }

  /// The same on behalf of a client: sends a PROXY protocol header of version 2 before anything else.
  /// - Parameters:
  ///   - address: of the server.
  ///   - header: names the client; the server must expect it.
  ///   - serverName: as for ``connect(to:serverName:)``.
  /// - Throws: ``ProxyProtocolError/tooLong(maximum:)`` when its fields are too long, and
  ///   ``ProxyProtocolError/unsupported`` when one of its addresses is of a Unix socket and the other is not.
  @discardableResult
  public func connect(
    to address: SocketAddress, sending header: ProxyHeader, serverName: String? = nil
  ) throws(ProxyProtocolError) -> Int {
    let bytes = try header.encoded()
    let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
    clientLoop.connect(
      ConnectRequest(
        id: id, address: address, source: nil, serverName: serverName, header: bytes))
    return id
  }

  /// The same with an id of the caller's choice, and a local address.
  package func connect(
    to address: SocketAddress, from source: SocketAddress?, id: Int, serverName: String? = nil
  ) {
    clientLoop.connect(
      ConnectRequest(id: id, address: address, source: source, serverName: serverName))
  }

  deinit { clientLoop.discard() }

  /// Serves the connections on the calling thread until ``stop()``.
  /// - Throws: ``EventLoopError`` when the loop could not go on. Its connections were reset then, and
  ///   those that were being made have failed with the error's `errno`.
  public func run() throws(EventLoopError) { try clientLoop.run() }

  /// The same on a thread of its own, until ``stop()`` or until the task is cancelled.
  /// - Throws: ``EventLoopError`` as the blocking form does, also when no thread can be started.
  public func run() async throws(EventLoopError) {
    let outcome: Result<Void, EventLoopError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        do throws(Errno) {
          try Thread.startDetached(stackSize: 1 << 20) { [clientLoop] in
            continuation.resume(
              returning: Result { () throws(EventLoopError) in try clientLoop.run() })
          }
        } catch {
          continuation.resume(
            returning: .failure(EventLoopError(call: "pthread_create", errno: error)))
        }
      }
    } onCancel: {
      stop()
    }
    try outcome.get()
  }

  /// Gives up what is still connecting, lets the handlers finish what was received, and closes; past
  /// the drain timeout, resets, and a second later `run()` returns even if handlers have not. Does not
  /// wait; any thread. A handler that blocks its thread blocks that of `run()`, which cannot see the
  /// stop, nor its deadline, until the handler comes back.
  public func stop() { clientLoop.requestStop(.draining) }
}

/// A moment at which the loop of a connector calls back, to within the system's timer slack. Made
/// before the loop runs; belongs to the loop's thread but for `wakeup`.
package final class LoopTimer: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: `token` is set in `init`, the rest are constants.
  private let loop: any EventLoop
  private let body: (MonotonicTime) -> Void
  private var token = Token(rawValue: .max)

  package init(_ connector: Connector, _ body: @escaping (MonotonicTime) -> Void) {
    loop = connector.clientLoop.loop
    self.body = body
    token = loop.register(self)
  }

  /// Calls at `deadline`, once, in place of what was set before.
  package func set(at deadline: MonotonicTime) { loop.setTimer(token, at: deadline) }

  /// Calls soon. Any thread.
  package func wake() { loop.wake(token) }

  /// The end: breaks the cycle of references through the loop.
  package func cancel() { loop.deregister(token) }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  func handleWakeup(now: MonotonicTime) { body(now) }
}
