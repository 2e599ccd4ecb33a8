// A loop with its outbound connections: what `ServerLoop` is to a server. Its state is under a lock and is
// touched once a connection, not once a message.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class ClientLoop: ConnectionLoop, EventSource, ConnectOwner, OpeningOwner, @unchecked Sendable
{
  // Invariant behind @unchecked: all that varies is in `state`.
  private struct State {
    /// Asked for by other threads, for the loop to begin.
    var requests: [ConnectRequest] = []
    /// Connecting or connected.
    var open = 0
    var shutdown: Shutdown
    /// The first that the loop has met.
    var failure: EventLoopError?
  }

  let connectTimeout: Duration
  private let security: ClientTransportSecurity?
  private let sendsProxyHeader: Bool
  private let report: @Sendable (ConnectFailure) -> Void
  private let state: Mutex<State>

  init(
    _ handler: ConnectionHandler, _ options: Connector.Options, log: Logger,
    failed: @escaping @Sendable (ConnectFailure) -> Void
  ) throws(Errno) {
    connectTimeout = options.connectTimeout
    security = options.security
    sendsProxyHeader = options.sendsProxyHeader
    report = failed
    state = Mutex(State(shutdown: Shutdown(limits: .init(drain: options.drainTimeout))))
    super.init(
      loop: try Reactor(isPrecise: true), service: handler, options: options.connection, log: log,
      counters: Counters(),
      handshake: Handshake(
        role: .client, timeout: options.security?.handshakeTimeout ?? .seconds(10)))
    register(self)
  }

  // MARK: Running

  func run() throws(EventLoopError) {
    loop.run { loopHasFailed($0) }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// No events come any more: nothing can be made or drained.
  private func loopHasFailed(_ error: EventLoopError) {
    let isFirst = state.withLock { s in
      defer { s.failure = s.failure ?? error }
      return s.failure == nil
    }
    guard isFirst else { return }
    log.error("\(error); resetting all connections")
    requestStop(.resetting)
  }

  /// For a connector that will never run again, or never has.
  func discard() {
    if state.withLock({ $0.shutdown.end() }) { deregister() }
  }

  // MARK: Connecting

  /// Begins to connect: at once on the loop's thread, else when the loop comes to it.
  func connect(_ request: ConnectRequest) {
    if loop.isCurrent { return begin(request) }
    state.withLock { $0.requests.append(request) }
    wake()
  }

  private func begin(_ request: ConnectRequest) {
    let isWelcome = state.withLock { s in
      if s.shutdown.isRunning { s.open += 1 }
      return s.shutdown.isRunning
    }
    guard isWelcome else { return report(request.failure(.stopped)) }
    do {
      var outbound = try OutboundSocket.open(
        to: request.address, from: request.source, options)
      if outbound.isConnected { return connected(outbound.take(), request) }
      _ = try PendingConnection(
        request, outbound, owner: self, deadline: loop.now + connectTimeout
      ).start()
    } catch {
      failed(request.failure(.system(error)))
    }
  }

  func connected(_ socket: consuming Socket, _ request: ConnectRequest) {
    var session: (any SecureSession)?
    do throws(SecurityFailure) {
      session = try security?.context.makeSession(serverName: request.serverName)
    } catch {
      return failed(request.failure(.security(error)))
    }
    counters.open.add(1)
    do throws(Errno) {
      try sendHeader(request, on: socket)
      try NonBlockingConnection(
        id: request.id, origin: ConnectionOrigin(request.address), context: self,
        transport: Transport(socket, session)
      ).start()
    } catch {
      counters.open.add(-1)
      failed(request.failure(.system(error)))
    }
  }

  /// Nothing was sent yet, so the kernel has room for the few bytes.
  private func sendHeader(
    _ request: ConnectRequest, on socket: borrowing Socket
  ) throws(Errno) {
    guard let header = request.header ?? (sendsProxyHeader ? ownHeader(request, socket) : nil)
    else {
      return
    }
    let sent = try header.span.bytes.withUnsafeBytes { (bytes) throws(Errno) in
      try socket.reference.send(bytes, waiting: false)
    }
    if sent < header.count { throw .noBufferSpace }
  }

  private func ownHeader(_ request: ConnectRequest, _ socket: borrowing Socket) -> [UInt8]? {
    let header = socket.localAddress.map { ProxyHeader(source: $0, destination: request.address) }
    return try? (header ?? .local).encoded()
  }

  func failed(_ failure: ConnectFailure) {
    report(failure)
    forget()
  }

  override func didClose(_ connection: Connection) {
    counters.open.add(-1)
    if let error = (connection as? NonBlockingConnection)?.startFailure {
      let reason = ConnectFailure.Reason(error)
      report(
        ConnectFailure(id: connection.id, address: connection.remoteAddress, reason: reason))
    }
    closeOpened(by: connection)
    forget()
  }

  override var openingOwner: (any OpeningOwner)? { self }

  func openingBegins() -> Bool {
    state.withLock { s in
      guard s.shutdown.stage <= .draining else { return false }
      s.open += 1
      return true
    }
  }

  func openingEnded() { forget() }

  private func forget() {
    state.withLock { s in
      s.open -= 1
      finishIfDone(&s)
    }
  }

  // MARK: Shutdown

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  func handleWakeup(now: MonotonicTime) {
    let requests = state.withLock { s in
      defer { s.requests = [] }
      return s.requests
    }
    for request in requests { begin(request) }
    beginOpenings()
    let asked = askedStage
    let stage = state.withLock { s in
      let stage = s.shutdown.advance(to: asked, now: now)
      if !s.shutdown.hasEnded { setTimer(at: s.shutdown.deadline) }
      return stage
    }
    // A handler that ignores its cancellation is left.
    if stage == .ended { return finishLoop() }
    if let stage {
      let failure = state.withLock { $0.failure }
      endPendingConnections(failure.map { .system($0.errno) } ?? .stopped)
      endConnections(stage)
    }
    state.withLock { finishIfDone(&$0) }
  }

  private func finishIfDone(_ s: inout State) {
    guard !s.shutdown.isRunning, s.open == 0, s.shutdown.end() else { return }
    finishLoop()
  }
}

/// A requested connection.
struct ConnectRequest {
  let id: Int
  let address: SocketAddress
  /// The local address; nil: the system's choice.
  let source: SocketAddress?
  /// The name that the server's certificate must have; nil: that of the configuration.
  let serverName: String?
  /// A PROXY protocol header to send first.
  var header: [UInt8]?

  func failure(_ reason: ConnectFailure.Reason) -> ConnectFailure {
    ConnectFailure(id: id, address: address, reason: reason)
  }
}
