// Receiving under thread-per-client: one blocking recv(2), and poll(2) before it where the wait has a
// deadline. A child task can be cancelled, so it waits on the condition instead, for the loop.

import LinuxSystem
import SystemPackage

extension BlockingConnection {
  /// For the connection's own thread.
  @inline(__always)
  func receive(_ limit: Int, until deadline: MonotonicTime) throws -> Bytes? {
    deadline == .never ? try receiveWaiting(limit) : try receivePolling(limit, deadline)
  }

  /// For the connection's own thread, without a deadline: the way of every message.
  func receiveWaiting(_ limit: Int) throws -> Bytes? {
    while true {
      switch try beginReceive(limit) {
      case .ready(let bytes): return bytes
      case .wait(let source):
        let result = executor.blocking { receive(from: source, waiting: true) }
        if case .ready(let bytes) = try endReceive(result, from: source) { return bytes }
      }
    }
  }

  /// The same with a deadline.
  func receivePolling(_ limit: Int, _ deadline: MonotonicTime) throws -> Bytes? {
    let deadline = withOwnLimit(deadline)
    while true {
      switch try beginReceive(limit) {
      case .ready(let bytes): return bytes
      case .wait(let source):
        let result = executor.blocking { poll(source, deadline) }
        if case .ready(let bytes) = try endReceive(result, from: source) { return bytes }
      }
    }
  }

  private func poll(_ source: Source, _ deadline: MonotonicTime) -> Result<Received, Errno> {
    while true {
      do throws(Errno) {
        guard try source.socket.waitUntilReadable(deadline: deadline) else {
          return .failure(.resourceTemporarilyUnavailable)
        }
      } catch {
        return .failure(error)
      }
      let result = receive(from: source, waiting: false)
      if case .failure(.resourceTemporarilyUnavailable) = result { continue }
      return result
    }
  }

  /// - Throws: `timedOut` when the time of ``Connection/withReceiveTimeout(_:_:)`` is over.
  @inline(__always)
  func strictest(_ deadline: MonotonicTime) throws(ConnectionError) -> MonotonicTime {
    let limit = receiveDeadline
    guard limit < deadline else { return deadline }
    if limit <= .now { throw .timedOut(.receive) }
    return limit
  }

  private func withOwnLimit(_ deadline: MonotonicTime) -> MonotonicTime {
    guard let timeout = context.options.receiveTimeout else { return deadline }
    return min(deadline, .now + timeout)
  }

  /// The receive of a task that the handler has started: it can be cancelled, and blocks a thread of
  /// the connection's executor, wherever the task runs otherwise.
  func receive(_ readWaiter: ReadWaiter, isCancellable: Bool, deadline: MonotonicTime) {
    do {
      try register(readWaiter)
    } catch {
      return readWaiter.continuation.resume(throwing: error)
    }
    executor.perform { [self] in
      let result = Result { try receiveCancellably(Int(readWaiter.limit), deadline) }
      readWaiter.continuation.resume(with: result)
    }
  }

  private func register(_ readWaiter: ReadWaiter) throws {
    try state.withLock { s -> Result<Void, any Error> in
      if s.childReader != nil { return .failure(ConnectionError.alreadyReceiving) }
      if Task.isCancelled { return .failure(CancellationError()) }
      s.childReader = readWaiter.task
      s.isReceiveCancelled = false
      return .success(())
    }.get()
  }

  private func receiveCancellably(_ limit: Int, _ deadline: MonotonicTime) throws -> Bytes? {
    defer { state.withLock { $0.childReader = nil } }
    let deadline = withOwnLimit(try strictest(deadline))
    while true {
      switch try beginReceive(limit) {
      case .ready(let bytes): return bytes
      case .wait(let source):
        let result = executor.blocking { receiveUnlessCancelled(source, deadline) }
        guard let result else {
          _ = try? endReceive(.failure(.resourceTemporarilyUnavailable), from: source)
          throw CancellationError()
        }
        if case .ready(let bytes) = try endReceive(result, from: source) { return bytes }
      }
    }
  }

  private func receiveUnlessCancelled(
    _ source: Source, _ deadline: MonotonicTime
  ) -> Result<Received, Errno>? {
    while !state.withLock({ $0.isReceiveCancelled }) {
      let result = receive(from: source, waiting: false)
      guard case .failure(.resourceTemporarilyUnavailable) = result else { return result }
      if MonotonicTime.now >= deadline || !awaitInput(until: deadline) { return result }
    }
    return nil
  }

  /// Waits until the loop has seen input, the task is cancelled, or the deadline has come.
  /// - Returns: false when the connection has failed.
  private func awaitInput(until deadline: MonotonicTime) -> Bool {
    withState { watch(.readable, &$0) }
    let hasFailed = state.wait(until: deadline) { s -> Bool? in
      if s.lifecycle.failure != nil { return true }
      return s.isReceiveCancelled || !s.awaited.contains(.readable) ? false : nil
    }
    state.withLock { $0.awaited.remove(.readable) }
    return hasFailed != true
  }

  /// Where a thread receives from, outside of the lock.
  struct Source {
    let socket: SocketReference
    let limit: Int
    /// What it receives is ciphertext.
    let isSecure: Bool
  }

  enum Received {
    case bytes(ChunkSlice)
    /// In the scratch buffer of the connection's receive buffer.
    case ciphertext(UnsafeRawBufferPointer)
  }

  /// What a receive has come to; nil is the end of the input.
  private enum Progress {
    case ready(Bytes?)
    case wait(Source)
  }

  private func receive(from source: Source, waiting: Bool) -> Result<Received, Errno> {
    do throws(Errno) {
      if source.isSecure { return .success(.ciphertext(try receiveCiphertext(source, waiting))) }
      let slice = try buffer.pointee.receive(
        from: source.socket, atMost: source.limit, waiting: waiting)
      return .success(.bytes(slice))
    } catch {
      return .failure(error)
    }
  }

  func receiveCiphertext(
    _ source: Source, _ waiting: Bool
  ) throws(Errno) -> UnsafeRawBufferPointer {
    let scratch = buffer.pointee.ciphertext
    let count = try source.socket.receive(
      into: scratch.baseAddress!, count: scratch.count, waiting: waiting)
    return UnsafeRawBufferPointer(rebasing: scratch[..<count])
  }

  private func beginReceive(_ limit: Int) throws -> Progress {
    precondition(limit > 0, "a receive of no bytes would never end")
    return try withState { s -> Result<Progress, ConnectionError> in
      // The receiving task has taken all messages that had arrived.
      coalescesReplies.store(false, ordering: .relaxed)
      if s.flushIsDue { offerGathered(&s) }
      if let failure = s.lifecycle.inputFailure { return .failure(failure) }
      guard s.lifecycle.canReceive else { return .success(.ready(nil)) }
      guard !s.isReceiving else { return .failure(.alreadyReceiving) }
      let limit = min(limit, Int(s.lifecycle.inputBudget))
      let source = Source(
        socket: s.transport.socket.reference, limit: limit, isSecure: s.transport.secure != nil)
      if source.isSecure, let result = takePending(source, &s) { return result }
      s.isReceiving = true
      s.users += 1
      return .success(.wait(source))
    }.get()
  }

  private func endReceive(_ result: Result<Received, Errno>, from source: Source) throws -> Progress
  {
    try withState { s -> Result<Progress, ConnectionError> in
      s.isReceiving = false
      s.users -= 1
      defer {
        if s.drainsNext { limitInput(&s) }
        if s.lifecycle.failure != nil || s.lifecycle.handler == .returned { closeIfUnused(&s) }
      }
      if let failure = s.lifecycle.failure { return .failure(failure) }
      switch result {
      case .success(.bytes(let slice)) where slice.count > 0:
        s.receivedCount &+= Int64(slice.count)
        return .success(.ready(accept(slice, &s)))
      case .success(.bytes):
        s.lifecycle.handle(s.receivingIsShut ? .inputExhausted : .peerFin)
        return .success(.ready(nil))
      case .success(.ciphertext(let ciphertext)): return decrypt(ciphertext, from: source, &s)
      case .failure(.resourceTemporarilyUnavailable): return .failure(.timedOut(.receive))
      case .failure(let error):
        fail(&s, .lost(error))
        return .failure(.lost(error))
      }
    }.get()
  }

  private func accept(_ slice: ChunkSlice, _ s: inout State) -> Bytes {
    context.traffic.countReceive(Int(slice.count), isExclusive: false)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = .never
    s.lifecycle.noteReceived(Int(slice.count))
    return Bytes(slice)
  }

  /// Nothing is received but what has arrived.
  func limitInput(_ s: inout State) {
    s.drainsNext = false
    s.lifecycle.handle(.drain(readable: s.transport.limitInput()))
    if s.isLent { shutdownReceiving(&s) }
  }

  // MARK: Through a TLS session

  /// What needs no recv(2); nil: nothing is here.
  private func takePending(
    _ source: Source, _ s: inout State
  ) -> Result<Progress, ConnectionError>? {
    var slice: ChunkSlice?
    let error = withSecure(&s) { (secure) throws(TransportError) in
      slice = try secure.receivePending(
        on: source.socket, into: &buffer.pointee, atMost: source.limit)
    }
    if let error { return .failure(error) }
    return slice.map { .success(.ready(acceptDecrypted($0, &s))) }
  }

  private func decrypt(
    _ ciphertext: UnsafeRawBufferPointer, from source: Source, _ s: inout State
  ) -> Result<Progress, ConnectionError> {
    if ciphertext.isEmpty, s.receivingIsShut {
      s.lifecycle.handle(.inputExhausted)
      return .success(.ready(nil))
    }
    s.receivedCount &+= Int64(ciphertext.count)
    var slice: ChunkSlice?
    let error = withSecure(&s) { (secure) throws(TransportError) in
      try secure.noteReceived(ciphertext.count)
      slice = try secure.decrypt(
        ciphertext, on: source.socket, into: &buffer.pointee, atMost: source.limit)
    }
    if let error { return .failure(error) }
    return .success(slice.map { .ready(acceptDecrypted($0, &s)) } ?? .wait(source))
  }

  /// - Returns: why the receive fails. Nothing when it would have to wait.
  private func withSecure(
    _ s: inout State, _ body: (SecureChannel) throws(TransportError) -> Void
  ) -> ConnectionError? {
    guard let secure = s.transport.secure else { return nil }
    do throws(TransportError) {
      try body(secure)
    } catch {
      noteFailure(error, &s)
    }
    flushByLoop(&s)
    return s.lifecycle.inputFailure
  }

  private func acceptDecrypted(_ slice: ChunkSlice, _ s: inout State) -> Bytes? {
    if slice.count > 0 { return accept(slice, &s) }
    s.lifecycle.handle(s.transport.inputEnd)
    return nil
  }
}
