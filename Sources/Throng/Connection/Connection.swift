// One client's socket as its handler sees it: the public face. `NonBlockingConnection` serves it from epoll
// events, `BlockingConnection` from a thread of its own. What is asynchronous is here, once; the
// subclasses are plain code that resumes waiting tasks.

import LinuxSystem
import Synchronization
import SystemPackage

/// One client's connection.
///
/// `receive` and `send` wait, each in the way of the model; `write` queues. Every method may be called
/// from any thread and any task. When the handler returns, the connection is flushed and closed.
public class Connection: @unchecked Sendable {
  // Invariant behind @unchecked: this class has constants, and what belongs to an event handler's
  // callbacks; the subclasses lock their state.

  /// Counts the server's connections from 1 on.
  public final let id: Int
  private final let origin: ConnectionOrigin
  let context: ConnectionContext
  /// The id of the handler's own task, which is cancelled only together with the connection. See
  /// `NonBlockingConnection.handlersTask`.
  final let rootTask = Atomic<UInt>(0)

  /// Whether a receive blocks the thread of the handler instead of suspending its task.
  @usableFromInline
  final let receivesAtOnce: Bool

  /// More whole messages have arrived than the handler was given: until it has them, what it sends may
  /// leave together. See `MessageStreak`.
  final let coalescesReplies = Atomic<Bool>(false)

  private final let opened: CompactTime

  /// The state of a ``StatefulEventHandler``, touched only by its callbacks, which come one at a time. Of a
  /// non-blocking connection that a task serves: its `ReceiveDeadline`, under the lock.
  @exclusivity(unchecked)
  final var eventState: AnyObject?

  init(
    id: Int, origin: ConnectionOrigin, context: ConnectionContext, receivesAtOnce: Bool
  ) {
    self.receivesAtOnce = receivesAtOnce
    self.id = id
    self.origin = origin
    self.context = context
    opened = CompactTime(wrappedValue: context.loop.now)
  }

  // MARK: Addresses

  /// The client's address. Behind a proxy that must say it (``Configuration/proxyProtocolFrom``), what the
  /// proxy says; the proxy's own where it does not know.
  public final var remoteAddress: SocketAddress { origin.client }

  /// The address of the other end of the socket: the client's, or its proxy's.
  public final var peerAddress: SocketAddress { origin.peer }

  /// What the proxy has said; nil for a client that has connected directly.
  public final var proxyHeader: ProxyHeader? {
    if case .proxied(let client) = origin { client.header } else { nil }
  }

  /// The address that the client has connected to: what its proxy says, or that of this end of the socket
  /// (getsockname(2)); nil when the connection is closed.
  public final var localAddress: SocketAddress? {
    if let destination = proxyHeader?.destination { return destination }
    var address: SocketAddress?
    kind.withDescriptor { address = SocketReference(descriptor: $0).localAddress }
    return address
  }

  /// Whose connections the limit of an address counts.
  final var countedOrigin: SocketAddress? { origin.counted }

  /// When the connection was made.
  final var openingTime: MonotonicTime { opened.wrappedValue }

  // MARK: Receiving

  /// What the client sends, as it arrives, until its FIN or until the server drains.
  public final var inbound: Inbound { Inbound(connection: self) }

  /// Waits for the next bytes from the client.
  /// - Parameter limit: at most this many bytes (recv(2)).
  /// - Returns: nil at the client's FIN, and when the server drains and everything was received.
  /// - Throws: ``ConnectionError``, or `CancellationError` when a child task was cancelled.
  // Inlined into handlers, like `send`: within the handler's own function there is no executor to
  // hop to, which is a tenth of what the library costs a message.
  @inlinable
  public final func receive(atMost limit: Int = 65536) async throws -> Bytes? {
    guard isHandlersTask() else {
      let bytes = try await receiveOtherwise(limit)
      hasWaited()
      return bytes
    }
    if receivesAtOnce { return try receiveBlocking(limit) }
    let bytes = try await withUnsafeThrowingContinuation { resumeWithInput($0, limit) }
    hasWaited()
    return bytes
  }

  /// The same, waiting no longer than `limit`; nil: for as long as it takes.
  /// - Throws: ``ConnectionError/timedOut(_:)`` with `.receive` when the time is over; the connection
  ///   can still be used.
  // Inlined as well: a call in between would have a frame, which a client that waits would cost.
  @inlinable
  public final func receive(
    atMost count: Int = 65536, within limit: Duration?
  ) async throws -> Bytes? {
    guard isHandlersTask() else { return try await receiveOtherwise(count, within: limit) }
    if receivesAtOnce { return try receiveBlocking(count, within: limit) }
    return try await withUnsafeThrowingContinuation { resumeWithInput($0, count, within: limit) }
  }

  /// Limits how long the receives in `body` may wait in all, those of a ``Reader``, ``Lines``, ``Frames`` and
  /// ``Inbound`` included: a client's login, or the time until it is asked whether it is still there.
  ///
  /// ```swift
  /// let name = try await connection.withReceiveTimeout(.seconds(30)) { try await input.line() }
  /// ```
  ///
  /// It counts for receives of all tasks on this connection; a shorter limit outside of it stays. It costs no task
  /// and no timer of its own.
  /// - Throws: what `body` throws. A receive whose time is over throws ``ConnectionError/timedOut(_:)`` with
  ///   `.receive`; what has arrived is kept, and the connection can still be used.
  public nonisolated(nonsending) final func withReceiveTimeout<Result>(
    _ limit: Duration, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    let kind = kind
    let outer = kind.receiveDeadline
    kind.receiveDeadline = min(outer, .now + limit)
    defer { kind.receiveDeadline = outer }
    return try await body()
  }

  // MARK: Sending

  /// Sends bytes, in the order of the calls: returns when the kernel or the outbox has them, and waits
  /// while the outbox is above its high-water mark. While more input has arrived than the handler has
  /// taken from its ``Reader``, ``Lines`` or ``Frames``, what it sends is gathered, and leaves in one
  /// system call: when the handler waits, for whatever it may be, when ``ConnectionOptions/highWaterMark`` is
  /// reached, or at ``flush()``. A reply to the only request that has arrived is sent at once.
  /// - Throws: ``ConnectionError`` when the client is gone. `CancellationError` when the task is cancelled
  ///   and would have to wait: none of the bytes are sent then, unless it had begun to wait before, or the
  ///   kernel had taken the first of them (the rest is queued).
  @inlinable
  public final func send(_ bytes: Bytes) async throws {
    if try !transmit(bytes) {
      try await waitForLowWater()
      hasWaited()
    }
  }

  /// Sends the UTF-8 of a string, as ``send(_:)-(Bytes)`` does.
  @inlinable
  public final func send(_ text: String) async throws {
    if try !transmit(text) {
      try await waitForLowWater()
      hasWaited()
    }
  }

  /// Queues bytes without waiting, from any thread: how one client reaches another.
  /// - Parameters:
  ///   - bytes: what is sent; it is kept, not copied.
  ///   - flush: when they are given to the kernel.
  ///   - policy: what happens when the client does not read; nil: its connection's own.
  /// - Throws: ``ConnectionError`` when the connection is closed, lost or over its outbox limit.
  public final func write(
    _ bytes: Bytes, flush: Flush = .now, policy: SlowReaderPolicy? = nil
  ) throws(ConnectionError) {
    let delivery: Delivery = flush == .now ? .write : .writeAtEndOfTurn
    _ = try bytes.withUnsafeBytes { (buffer) throws(ConnectionError) in
      try transmitNow(buffer, keeping: bytes, after: nil, delivery, policy)
    }
  }

  /// How many sent bytes the kernel has not taken yet.
  public final var outboxByteCount: Int { kind.queuedByteCount }

  /// What TLS has negotiated; nil for a plain connection. Made anew at each call.
  public final var security: SecurityInfo? { kind.negotiatedSecurity }

  // MARK: Ending

  /// Whether the server drains, which ends what is received as the client's FIN does: so that a handler
  /// can tell its client why.
  public final var isDraining: Bool { kind.drainHasBegun }

  /// Sends FIN after what is queued; the client can still send (half-close, RFC 9293, 3.6).
  public final func closeOutbound() { kind.performCloseOutbound() }

  /// Flushes what is queued and closes: `receive` ends, further sends throw. Does not wait.
  public final func close() { kind.performClose() }

  /// Drops what is queued and sends RST. Does not wait.
  public final func reset() { kind.performReset() }
}

extension Connection {
  /// After an `await` that is inlined into handlers. It does nothing, but the optimizer cannot know that,
  /// so it keeps the hop to the task's executor where it is: in the branch that has waited. Otherwise it
  /// takes that hop as unnecessary in `receive` and `send`, and the handler makes one after each call, waited
  /// or not: 270 instructions, most of them under the task's lock.
  @usableFromInline
  @inline(never)
  final func hasWaited() {}

  @usableFromInline
  final func isHandlersTask() -> Bool { CurrentTask.id == rootTask.load(ordering: .relaxed) }

  @usableFromInline
  final func receiveBlocking(_ limit: Int) throws -> Bytes? {
    try blocking.receiveNow(limit, .never)
  }

  @usableFromInline
  final func receiveBlocking(_ count: Int, within limit: Duration?) throws -> Bytes? {
    try blocking.receiveNow(count, Self.deadline(within: limit))
  }

  @usableFromInline
  final func resumeWithInput(
    _ continuation: UnsafeContinuation<Bytes?, any Error>, _ limit: Int
  ) {
    registerReadWaiter(
      ReadWaiter(continuation, limit), isCancellable: false, deadline: .never)
  }

  @usableFromInline
  final func resumeWithInput(
    _ continuation: UnsafeContinuation<Bytes?, any Error>, _ count: Int, within limit: Duration?
  ) {
    registerReadWaiter(
      ReadWaiter(continuation, count), isCancellable: false,
      deadline: Self.deadline(within: limit))
  }

  /// For a task that the handler has started.
  @usableFromInline
  final func receiveOtherwise(_ count: Int, within limit: Duration? = nil) async throws -> Bytes? {
    try await receiveInChild(count, Self.deadline(within: limit), CurrentTask.id)
  }

  private static func deadline(within limit: Duration?) -> MonotonicTime {
    limit.map { .now + $0 } ?? .never
  }

  /// The size of a connection, three cache lines.
  static let prefetched = 192

  /// For who goes through more connections than the processor's cache holds: fetches this one.
  final func prefetch() {
    prefetchMemory(Unmanaged.passUnretained(self).toOpaque(), size: Self.prefetched)
  }

  /// False when the sender must wait for the low-water mark.
  @usableFromInline
  final func transmit(_ bytes: Bytes) throws -> Bool {
    try transmit(bytes, after: nil)
  }

  /// The same for a message of two parts.
  final func transmit(_ bytes: Bytes, after prefix: Bytes?) throws -> Bool {
    let outcome = try bytes.withUnsafeBytes { (buffer) throws(ConnectionError) in
      try transmitNow(buffer, keeping: bytes, after: prefix, .send, nil)
    }
    return try outcome.isTaken
  }

  @usableFromInline
  final func transmit(_ text: String) throws -> Bool {
    var text = text
    let outcome = try text.withUTF8 { (buffer) throws(ConnectionError) in
      try transmitNow(UnsafeRawBufferPointer(buffer), keeping: nil, after: nil, .send, nil)
    }
    return try outcome.isTaken
  }

  /// For a task that the handler has started.
  private final func receiveInChild(
    _ limit: Int, _ deadline: MonotonicTime, _ task: UInt
  ) async throws -> Bytes? {
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        registerReadWaiter(
          ReadWaiter(continuation, limit), isCancellable: true, deadline: deadline)
      }
    } onCancel: {
      kind.cancelReceive(of: task)
    }
  }

  @usableFromInline
  final func waitForLowWater() async throws {
    let task = CurrentTask.id
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation {
        kind.awaitLowWater(WriteWaiter(continuation: $0))
      }
    } onCancel: {
      kind.cancelSend(of: task)
    }
  }
}

extension Connection: Hashable {
  /// Whether both are the same connection.
  public static func == (left: Connection, right: Connection) -> Bool { left === right }
  /// Hashes the identity of the connection.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
