// A connection that a task opens and uses itself: there is no handler. It belongs to a loop, which connects
// and drives it; the task that waits is resumed once it is established. Any thread; connecting happens on
// the loop's.

import LinuxSystem
import Synchronization
import SystemPackage

/// What the opened connection has instead of a server's context, one for each.
final class OpeningContext: ConnectionContext, @unchecked Sendable {
  // Invariant behind @unchecked: only constants.
  let opening: Opening

  init(_ opening: Opening, _ options: OpenOptions) {
    let owner = opening.owner
    self.opening = opening
    super.init(
      loop: owner.loop, service: .opener, options: options.connection, log: owner.log,
      counters: owner.outboundCounters,
      handshake: Handshake(
        role: .client, timeout: options.security?.handshakeTimeout ?? .seconds(10)))
  }

  override var openingOwner: (any OpeningOwner)? { opening.owner }

  override func didStart(_ connection: Connection) {
    opening.owner.keep(connection, for: opening.parent)
    opening.finish(.success(connection))
  }

  override func didClose(_ connection: Connection) {
    if let error = (connection as? NonBlockingConnection)?.startFailure {
      opening.finish(.failure(opening.request.failure(ConnectFailure.Reason(error))))
    }
    opening.owner.forget(connection, of: opening.parent)
    opening.owner.closeOpened(by: connection)
    opening.owner.openingEnded()
  }
}

final class Opening: ConnectOwner, @unchecked Sendable {
  // Invariant behind @unchecked: constants and `state`.
  private struct State {
    var continuation: CheckedContinuation<Connection, any Error>?
    var isCancelled = false
    var token: Token?
  }

  let request: ConnectRequest
  let owner: any OpeningOwner
  /// The connection whose handler opens this one, if a handler does.
  let parent: ObjectIdentifier?
  private let options: OpenOptions
  private let state: Mutex<State>

  /// - Parameter owner: the loop that connects and drives the connection.
  init(
    _ request: ConnectRequest, _ options: OpenOptions, owner: any OpeningOwner,
    parent: ObjectIdentifier?, _ continuation: CheckedContinuation<Connection, any Error>
  ) {
    self.request = request
    self.owner = owner
    self.options = options
    self.parent = parent
    state = Mutex(State(continuation: continuation))
  }

  var loop: any EventLoop { owner.loop }
  var connectTimeout: Duration { options.connectTimeout }

  /// Begins to connect. On a thread of the loop.
  func begin() {
    do throws(Errno) {
      var outbound = try OutboundSocket.open(
        to: request.address, from: request.source, options.connection)
      if outbound.isConnected { return connected(outbound.take(), request) }
      let token = try PendingConnection(
        request, outbound, owner: self, deadline: loop.now + connectTimeout
      ).start()
      let isCancelled = state.withLock { s in
        s.token = token
        return s.isCancelled
      }
      if isCancelled { loop.wake(token) }
    } catch {
      failed(request.failure(.system(error)))
    }
  }

  func connected(_ socket: consuming Socket, _ request: ConnectRequest) {
    var session: (any SecureSession)?
    do throws(SecurityFailure) {
      session = try options.security?.context.makeSession(serverName: options.serverName)
    } catch {
      return failed(request.failure(.security(error)))
    }
    do throws(Errno) {
      try NonBlockingConnection(
        id: request.id, origin: ConnectionOrigin(request.address),
        context: OpeningContext(self, options),
        transport: Transport(socket, session)
      ).start()
    } catch {
      failed(request.failure(.system(error)))
    }
  }

  func failed(_ failure: ConnectFailure) {
    finish(.failure(failure))
    owner.openingEnded()
  }

  /// The task that waits does not want the connection any more. Any thread.
  func cancel() {
    let token = state.withLock { s in
      s.isCancelled = true
      return s.token
    }
    if let token { loop.wake(token) }
  }

  /// Resumes the task that waits, once.
  func finish(_ result: Result<Connection, ConnectFailure>) {
    let (continuation, isCancelled) = state.withLock { ($0.continuation.take(), $0.isCancelled) }
    guard let continuation else { return }
    switch result {
    case .success(let connection): continuation.resume(returning: connection)
    case .failure where isCancelled: continuation.resume(throwing: CancellationError())
    case .failure(let failure): continuation.resume(throwing: failure)
    }
  }
}
