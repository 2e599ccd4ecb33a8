// Receiving under thread-per-client: one blocking recv(2), and poll(2) before it where the wait has a
// deadline. A child task can be cancelled, so it waits on the condition instead, for the loop.

import LinuxSystem
import SystemPackage

extension BlockingConnection {
  /// For the connection's own thread, without a deadline: the way of every message.
  func receiveWaiting(_ limit: Int) throws -> Bytes? {
    guard let (socket, limit) = try beginReceive(limit) else { return nil }
    let result = executor.blocking { receive(from: socket, limit, waiting: true) }
    return try endReceive(result)
  }

  /// The same with a deadline.
  func receivePolling(_ limit: Int, _ deadline: MonotonicTime) throws -> Bytes? {
    guard let (socket, limit) = try beginReceive(limit) else { return nil }
    let deadline = strictest(deadline)
    let result = executor.blocking { () -> Result<ChunkSlice, Errno> in
      while true {
        do throws(Errno) {
          guard try socket.waitUntilReadable(deadline: deadline) else {
            return .failure(.resourceTemporarilyUnavailable)
          }
        } catch {
          return .failure(error)
        }
        let result = receive(from: socket, limit, waiting: false)
        if case .failure(.resourceTemporarilyUnavailable) = result { continue }
        return result
      }
    }
    return try endReceive(result)
  }

  private func strictest(_ deadline: MonotonicTime) -> MonotonicTime {
    guard let timeout = context.options.receiveTimeout else { return deadline }
    return min(deadline, .now + timeout)
  }

  /// The receive of a task that the handler has started: it can be cancelled, and blocks a thread of
  /// the connection's executor, wherever the task runs otherwise.
  func receiveForChild(_ readWaiter: ReadWaiter, _ deadline: MonotonicTime) {
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
    guard let (socket, limit) = try beginReceive(limit) else { return nil }
    let deadline = strictest(deadline)
    let result = executor.blocking { () -> Result<ChunkSlice, Errno>? in
      while !state.withLock({ $0.isReceiveCancelled }) {
        let result = receive(from: socket, limit, waiting: false)
        guard case .failure(.resourceTemporarilyUnavailable) = result else { return result }
        if MonotonicTime.now >= deadline || !awaitInput(until: deadline) { return result }
      }
      return nil
    }
    guard let result else {
      _ = try? endReceive(.failure(.resourceTemporarilyUnavailable))
      throw CancellationError()
    }
    return try endReceive(result)
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

  private func receive(
    from socket: SocketReference, _ limit: Int, waiting: Bool
  ) -> Result<ChunkSlice, Errno> {
    do throws(Errno) {
      return .success(try buffer.pointee.receive(from: socket, atMost: limit, waiting: waiting))
    } catch {
      return .failure(error)
    }
  }

  private func beginReceive(_ limit: Int) throws -> (SocketReference, Int)? {
    precondition(limit > 0, "a receive of no bytes would never end")
    return try state.withLock { s -> Result<(SocketReference, Int)?, ConnectionError> in
      if let failure = s.lifecycle.failure { return .failure(failure) }
      guard s.lifecycle.canReceive else { return .success(nil) }
      guard !s.isReceiving else { return .failure(.alreadyReceiving) }
      s.isReceiving = true
      s.users += 1
      return .success(
        (s.transport.socket.reference, min(limit, Int(s.lifecycle.inputBudget))))
    }.get()
  }

  private func endReceive(_ result: Result<ChunkSlice, Errno>) throws -> Bytes? {
    try withState { s -> Result<Bytes?, ConnectionError> in
      s.isReceiving = false
      s.users -= 1
      defer {
        if s.drainsNext { limitInput(&s) }
        closeIfUnused(&s)
      }
      if let failure = s.lifecycle.failure { return .failure(failure) }
      switch result {
      case .success(let slice) where slice.count > 0: return .success(accept(slice, &s))
      case .success:
        s.lifecycle.handle(s.receivingIsShut ? .inputExhausted : .peerFin)
        return .success(nil)
      case .failure(.resourceTemporarilyUnavailable): return .failure(.timedOut(.receive))
      case .failure(let error):
        fail(&s, .lost(error))
        return .failure(.lost(error))
      }
    }.get()
  }

  private func accept(_ slice: ChunkSlice, _ s: inout State) -> Bytes {
    context.counters.countReceive(Int(slice.count), isExclusive: false)
    s.receivedCount &+= Int64(slice.count)
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = .never
    s.lifecycle.noteReceived(Int(slice.count))
    return Bytes(slice)
  }
}
