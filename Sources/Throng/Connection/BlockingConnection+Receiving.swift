// Receiving under thread-per-client: one blocking recv(2), and poll(2) before it only where the wait
// must be able to end early: at a deadline, or when a child task is cancelled.

import SystemPackage

extension BlockingConnection {
  /// For the connection's own thread, without a deadline: the way of every message.
  func receiveWaiting(_ limit: Int) throws -> Bytes? {
    guard let (socket, limit) = try beginReceive(limit) else { return nil }
    let result = executor.blocking { receive(from: socket, limit, waiting: true) }
    return try endReceive(result)
  }

  /// Waits with poll(2) until there is input, the deadline has come or `cancellation` is readable.
  func receivePolling(
    _ limit: Int, _ deadline: MonotonicTime, cancelledBy cancellation: CInt
  ) throws -> Bytes? {
    guard let (socket, limit) = try beginReceive(limit) else { return nil }
    var deadline = deadline
    if let timeout = context.options.receiveTimeout { deadline = min(deadline, .now + timeout) }
    var isCancelled = false
    let result = executor.blocking { () -> Result<ChunkSlice, Errno> in
      while true {
        do throws(Errno) {
          let readable = try socket.waitUntilReadable(or: cancellation, deadline: deadline)
          isCancelled = readable.other
          guard readable.this, !isCancelled else {
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
    if isCancelled {
      _ = try? endReceive(result)
      throw CancellationError()
    }
    return try endReceive(result)
  }

  /// The receive of a task that the handler has started: it can be cancelled, and blocks a thread of
  /// the connection's executor, wherever the task runs otherwise.
  func receiveForChild(_ receiver: Receiver, _ deadline: MonotonicTime) {
    let cancellation: Cancellation
    do {
      cancellation = try register(receiver)
    } catch {
      return receiver.continuation.resume(throwing: error)
    }
    executor.perform { [self] in
      let result = Result {
        try receivePolling(
          Int(receiver.limit), deadline, cancelledBy: cancellation.event.descriptor)
      }
      state.withLock { $0.cancellation = nil }
      receiver.continuation.resume(with: result)
    }
  }

  private func register(_ receiver: Receiver) throws -> Cancellation {
    let cancellation = try Cancellation(task: receiver.task)
    return try state.withLock { s -> Result<Cancellation, any Error> in
      if s.cancellation != nil { return .failure(ConnectionError.alreadyReceiving) }
      if Task.isCancelled { return .failure(CancellationError()) }
      s.cancellation = cancellation
      return .success(cancellation)
    }.get()
  }

  /// A descriptor that poll(2) can wait for together with the socket.
  final class Cancellation: Sendable {
    let task: UInt
    let event: EventDescriptor

    init(task: UInt) throws(Errno) {
      self.task = task
      event = try EventDescriptor()
    }
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
      if let failure = s.failure { return .failure(failure) }
      guard !s.inputEnded else { return .success(nil) }
      guard !s.isReceiving else { return .failure(.alreadyReceiving) }
      s.isReceiving = true
      s.users += 1
      return .success((s.socket.reference, min(limit, s.inputBudget)))
    }.get()
  }

  private func endReceive(_ result: Result<ChunkSlice, Errno>) throws -> Bytes? {
    try state.withLock { s -> Result<Bytes?, ConnectionError> in
      s.isReceiving = false
      s.users -= 1
      defer {
        if s.drainsNext { limitInput(&s) }
        closeIfUnused(&s)
      }
      if let failure = s.failure { return .failure(failure) }
      switch result {
      case .success(let slice) where slice.count > 0: return .success(accept(slice, &s))
      case .success:
        s.inputEnded = true
        s.peerClosed = !s.receivingIsShut
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
    s.deadlines.activity = .coarseNow
    s.deadlines.phase = .never
    if s.inputBudget != .max {
      s.inputBudget -= Int(slice.count)
      if s.inputBudget == 0 { s.inputEnded = true }
    }
    return Bytes(slice)
  }
}
