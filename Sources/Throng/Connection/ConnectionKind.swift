// What each of the two kinds of connection does in its own way, checked by the compiler. `Connection` is
// the public face in front of them. Any thread may call the methods; each kind locks its state.

import LinuxSystem

protocol ConnectionKind: Connection {
  /// Resumes the read waiter with the next bytes, at once or later.
  /// - Parameter isCancellable: it is not the handler's own task that waits.
  func receive(_ readWaiter: ReadWaiter, isCancellable: Bool, deadline: MonotonicTime)

  /// Ends the receive of a task that was cancelled.
  func cancelReceive(of task: UInt)

  /// When receives that begin from now on end: see ``Connection/withReceiveTimeout(_:_:)``.
  var receiveDeadline: MonotonicTime { get set }

  /// A reader has given out all messages that it had received, and the client's FIN cancels the handler
  /// (``ConnectionOptions/cancelsOnClose``).
  func handlerHasTakenAll()

  /// Stops to receive for an event handler, or goes on.
  func setReceiving(isPaused: Bool)

  /// Has the event handler called back once, unless the connection is over then; `.never` cancels that.
  func setEventTimer(at time: MonotonicTime)

  /// Gives the bytes to the kernel, and what it does not take to the outbox, in one operation.
  /// - Parameters:
  ///   - bytes: the owner of the buffer, which the outbox may then refer to; nil: it copies.
  ///   - prefix: what is sent before the buffer, with nothing in between.
  ///   - policy: for a write to a client that does not read; nil: the connection's own.
  func transmit(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?
  ) throws(ConnectionError) -> Transmission

  /// The same for a message of several parts.
  func transmit(parts: [Bytes]) throws(ConnectionError) -> Transmission

  /// Gives the kernel what `coalescesReplies` has held back.
  func sendGathered()

  /// Resumes the write waiter once the outbox is below its low-water mark.
  func awaitLowWater(_ writeWaiter: WriteWaiter)

  /// Resumes the write waiter when the connection has ended.
  func awaitEnd(_ writeWaiter: WriteWaiter)

  /// Ends the wait of a task that was cancelled.
  func cancelSend(of task: UInt)

  /// How many sent bytes the kernel has not taken yet.
  var queuedByteCount: Int { get }

  /// What TLS has negotiated.
  var negotiatedSecurity: SecurityInfo? { get }

  /// Whether the input ends because the server drains.
  var drainHasBegun: Bool { get }

  func performCloseOutbound()
  func performClose()
  func performReset()

  /// Ends the input at what has arrived so far.
  func drain()

  /// Resets, and cancels the handler's task: past the drain deadline.
  func abort()

  /// A program has the socket from now on. A drain that has begun applies to the program as well.
  func beginLending()

  /// Closes the socket without FIN or RST: a program has it.
  func closeHere()

  /// Calls the body with the socket's descriptor, unless the connection is closed.
  func withDescriptor(_ body: (CInt) -> Void)

  /// What a report says about the connection.
  func info(now: MonotonicTime) -> ConnectionInfo
}

extension Connection {
  /// The connection as what it is: there are two kinds.
  final var kind: any ConnectionKind { receivesAtOnce ? blocking : nonBlocking }

  /// Where `receivesAtOnce`.
  @inline(__always)
  final var blocking: BlockingConnection { unsafeDowncast(self, to: BlockingConnection.self) }

  @inline(__always)
  private final var nonBlocking: NonBlockingConnection {
    unsafeDowncast(self, to: NonBlockingConnection.self)
  }

  // What each message needs is called directly, which the protocol's existential would make slower
  // (docs/decisions/0009).

  @inline(__always)
  final func registerReadWaiter(
    _ readWaiter: ReadWaiter, isCancellable: Bool, deadline: MonotonicTime
  ) {
    receivesAtOnce
      ? blocking.receive(readWaiter, isCancellable: isCancellable, deadline: deadline)
      : nonBlocking.receive(readWaiter, isCancellable: isCancellable, deadline: deadline)
  }

  @inline(__always)
  final func transmitNow(
    _ buffer: UnsafeRawBufferPointer, keeping bytes: Bytes?, after prefix: Bytes?,
    _ delivery: Delivery, _ policy: SlowReaderPolicy?
  ) throws(ConnectionError) -> Transmission {
    receivesAtOnce
      ? try blocking.transmit(buffer, keeping: bytes, after: prefix, delivery, policy)
      : try nonBlocking.transmit(buffer, keeping: bytes, after: prefix, delivery, policy)
  }
}
