// A loop with its outbound connections: what `ServerLoop` is to a server. Its state is under a lock and is
// touched once a connection, not once a message.

import LinuxSystem
import Logging
import Synchronization
import SystemPackage

final class ClientLoop: ConnectionContext, EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: all that varies is in `state` and in atomics.
  private struct State {
    /// Asked for by other threads, for the loop to begin.
    var requests: [ConnectRequest] = []
    /// Connecting or connected.
    var open = 0
    var isStopping = false
    var isAborting = false
    var isFinished = false
    /// The first that the loop has met.
    var failure: EventLoopError?
    var deadline = MonotonicTime.never
  }

  let connectTimeout: Duration
  private let drainTimeout: Duration
  private let report: @Sendable (ConnectFailure) -> Void
  private let state = Mutex(State())
  private let stopAsked = Atomic<Bool>(false)
  private let token = Mutex(Token(rawValue: .max))

  init(
    _ service: ConnectionHandler, _ options: Connector.Options, log: Logger,
    failed: @escaping @Sendable (ConnectFailure) -> Void
  ) throws(Errno) {
    connectTimeout = options.connectTimeout
    drainTimeout = options.drainTimeout
    report = failed
    super.init(
      loop: try Reactor(isPrecise: true), service: service, options: options.connection, log: log,
      counters: Counters())
    token.withLock { $0 = loop.register(self) }
  }

  // MARK: Running

  func run() throws(EventLoopError) {
    loop.run { loopHasFailed($0) }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// No events come any more: nothing can be made or drained, so `handleWakeup` ends everything.
  private func loopHasFailed(_ error: EventLoopError) {
    let isFirst = state.withLock { s in
      defer { s.failure = s.failure ?? error }
      return s.failure == nil
    }
    guard isFirst else { return }
    log.error("\(error); resetting all connections")
    requestStop()
  }

  /// For a connector that will never run again, or never has: breaks the cycle of references through
  /// the loop.
  func discard() {
    state.withLock { s in
      guard !s.isFinished else { return }
      s.isFinished = true
      loop.deregister(token.withLock { $0 })
    }
  }

  // MARK: Connecting

  /// Begins to connect: at once on the loop's thread, else when the loop comes to it.
  func connect(_ request: ConnectRequest) {
    if loop.isCurrent { return begin(request) }
    state.withLock { $0.requests.append(request) }
    loop.wake(token.withLock { $0 })
  }

  private func begin(_ request: ConnectRequest) {
    let isWelcome = state.withLock { s in
      if !s.isStopping { s.open += 1 }
      return !s.isStopping
    }
    guard isWelcome else { return report(request.failure(.stopped)) }
    do {
      var outbound = try OutboundSocket.open(
        to: request.address, from: request.source, options)
      if outbound.isConnected { return connected(outbound.take(), id: request.id, request.address) }
      try PendingConnection(
        id: request.id, address: request.address, outbound, serverLoop: self
      ).start(deadline: loop.now + connectTimeout)
    } catch {
      failed(request.failure(.system(error)))
    }
  }

  func connected(_ socket: consuming Socket, id: Int, _ address: SocketAddress) {
    counters.open.add(1)
    do {
      try NonBlockingConnection(id: id, remoteAddress: address, context: self, socket: socket)
        .start()
    } catch {
      counters.open.add(-1)
      failed(ConnectFailure(id: id, address: address, reason: .system(error)))
    }
  }

  func failed(_ failure: ConnectFailure) {
    report(failure)
    forget()
  }

  override func didClose(_ connection: Connection) {
    counters.open.add(-1)
    forget()
  }

  private func forget() {
    state.withLock { s in
      s.open -= 1
      if s.isStopping, s.open == 0 { finish(&s) }
    }
  }

  // MARK: Stopping

  /// Any thread.
  func requestStop() {
    stopAsked.store(true, ordering: .releasing)
    loop.wake(token.withLock { $0 })
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {}

  func handleWakeup(now: MonotonicTime) {
    let requests = state.withLock { s in
      defer { s.requests = [] }
      return s.requests
    }
    for request in requests { begin(request) }
    guard stopAsked.load(ordering: .acquiring) else { return }
    let wasStopping = state.withLock { s in
      defer { s.isStopping = true }
      return s.isStopping
    }
    if !wasStopping { beginDrain(now) }
    abort(after: now)
    state.withLock { s in
      if s.open == 0 { finish(&s) }
    }
  }

  private func beginDrain(_ now: MonotonicTime) {
    let failure = state.withLock { s in
      s.deadline = now + drainTimeout
      return s.failure
    }
    loop.setTimer(token.withLock { $0 }, at: now + drainTimeout)
    let reason = failure.map { ConnectFailure.Reason.system($0.errno) } ?? .stopped
    for source in loop.sources {
      if let pending = source as? PendingConnection { pending.end(reason) }
      if let connection = source as? Connection { connection.drain() }
    }
  }

  /// Past the drain timeout, or without events, connections are reset; a handler that ignores its
  /// cancellation is left.
  private func abort(after now: MonotonicTime) {
    let (isDue, isSecond) = state.withLock { s in
      let isDue = s.deadline <= now || s.failure != nil && !s.isAborting
      defer {
        if isDue {
          s.isAborting = true
          s.deadline = now + .seconds(1)
        }
      }
      return (isDue, s.isAborting)
    }
    guard isDue else { return }
    if isSecond { return state.withLock { finish(&$0) } }
    for case let connection as Connection in loop.sources { connection.abort() }
    state.withLock { s in
      if !s.isFinished { loop.setTimer(token.withLock { $0 }, at: s.deadline) }
    }
  }

  private func finish(_ s: inout State) {
    guard !s.isFinished else { return }
    s.isFinished = true
    loop.deregister(token.withLock { $0 })
    loop.finish()
  }
}

/// A requested connection.
struct ConnectRequest {
  let id: Int
  let address: SocketAddress
  /// The local address; nil: the system's choice.
  let source: SocketAddress?

  func failure(_ reason: ConnectFailure.Reason) -> ConnectFailure {
    ConnectFailure(id: id, address: address, reason: reason)
  }
}
