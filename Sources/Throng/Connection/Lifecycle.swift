// The life of one connection as a value: what can still be received and sent, whether the handler runs,
// and what must happen to the socket next. Both kinds of connection feed it events and do what
// `nextStep` answers. Knows no socket. Held under the lock of its connection.

struct Lifecycle: Equatable, Sendable {
  /// What can be received.
  enum Input: UInt8, Sendable {
    case open
    /// The server drains: what had arrived when the drain began can still be received.
    case draining
    /// Nothing more is received. The client may not have ended yet.
    case ended
    /// The client has sent FIN, and everything before it was received or is of no use.
    case finReceived
    /// The same, but the client has not said that this was all (TLS, RFC 8446, 6.1).
    case truncated
  }

  /// What can be sent.
  enum Output: UInt8, Sendable {
    case open
    /// Nothing more is accepted: FIN follows what is queued.
    case flushing
    case finSent
  }

  /// Whether the connection is used, by its handler or for what is still to be sent.
  enum Usage: UInt8, Sendable {
    case inUse
    /// The handler has returned, or the connection was closed: what is queued is sent.
    case closing
    /// Everything is sent, and the client's FIN is waited for, because closing before it would reset the
    /// connection and could take from the client what it has not read (RFC 1122, 4.2.2.13).
    case lingering
    /// The socket is closed.
    case closed
  }

  enum Handler: UInt8, Sendable { case notStarted, running, returned }

  enum Event: Equatable, Sendable {
    case handlerStarted
    /// Bytes were received.
    case received(Int)
    /// The client's FIN was received.
    case peerFin
    /// The server drains, and this many bytes have arrived that were not received yet.
    case drain(readable: Int)
    /// The client's FIN was received where close_notify should have come first.
    case truncated
    /// Everything was received that may be, although the client has not ended.
    case inputExhausted
    /// The handler closes its sending half.
    case closeOutbound
    /// The handler, or another task, closes the connection.
    case close
    case handlerReturned
    /// The last queued byte and FIN were given to the kernel.
    case finSent
    case lingerBegan
    case timedOut(ConnectionError.TimeLimit)
    /// The connection is lost, reset by this side, or over a limit.
    case failed(ConnectionError)
    case socketClosed
  }

  /// What the connection does next.
  enum Step: Equatable, Sendable {
    case nothing
    /// Send FIN, and then the event `finSent`.
    case sendFin
    /// Wait for the client's FIN no longer than the linger timeout.
    case linger
    /// Close the socket.
    case close
  }

  // In the order of their alignments: there may be very many connections.

  /// How many bytes may still be received.
  private(set) var inputBudget = Int32.max
  /// Where `hasFailed`.
  private var heldFailure = CompactFailure.closed
  private(set) var hasFailed = false
  /// Neither direction has ended and nothing has failed: the state in which messages are served. It follows from
  /// the rest, and is kept because each message asks for it.
  private(set) var isOrdinary = true
  private(set) var input = Input.open
  private(set) var output = Output.open
  private(set) var usage = Usage.inUse
  private(set) var handler = Handler.notStarted
  private(set) var isDraining = false

  // MARK: Questions

  /// Why the connection has failed.
  @inline(__always)
  var failure: ConnectionError? { hasFailed ? heldFailure.error : nil }

  /// The state in one word.
  enum Phase: String, Sendable {
    case starting, open, draining, flushing, lingering, failed, closed
    /// The client has ended, or the drain has ended the input; the handler can still send.
    case inputEnded = "input ended"
    /// The handler can still receive.
    case finSent = "FIN sent"
  }

  var phase: Phase {
    if usage == .closed { return .closed }
    if hasFailed { return .failed }
    if usage == .lingering { return .lingering }
    switch output {
    case .flushing: return .flushing
    case .finSent: return .finSent
    case .open: break
    }
    if handler == .notStarted { return .starting }
    return input == .open ? .open : input == .draining ? .draining : .inputEnded
  }

  /// `isOrdinary` for sending alone.
  @inline(__always)
  var isOpenForSending: Bool { output == .open && !hasFailed }

  /// Why a receive fails.
  @inline(__always)
  var inputFailure: ConnectionError? { failure ?? (input == .truncated ? .truncated : nil) }

  /// Whether a receive can still bring bytes.
  @inline(__always)
  var canReceive: Bool { input == .open || input == .draining }

  /// The client will send nothing more.
  @inline(__always)
  var peerHasEnded: Bool { input == .finReceived || input == .truncated }

  @inline(__always)
  var isClosing: Bool { usage != .inUse }

  @inline(__always)
  var isLingering: Bool { usage == .lingering }

  /// The socket is closed and the handler will not run any more.
  var isOver: Bool { usage == .closed && handler != .running }

  /// The connection has failed, and nothing is left to be said to the peer.
  var mustClose: Bool { failure.map { !$0.endsInOrder } ?? false }

  /// Whether closing must send RST: FIN would tell the client that what it has received was all. Silence
  /// ends in order, and so does a client that was told why by an alert.
  func closesWithReset(hasUnsent: Bool) -> Bool {
    switch failure {
    case nil: false
    case .timedOut(.idle), .timedOut(.firstByte): hasUnsent
    case .security: false
    default: true
    }
  }

  /// - Parameter isFlushed: the kernel has taken everything that was queued.
  func nextStep(isFlushed: Bool) -> Step {
    if usage == .closed { return .nothing }
    if mustClose { return .close }
    switch output {
    case .open: return .nothing
    case .flushing: return isFlushed ? .sendFin : .nothing
    case .finSent:
      if usage == .inUse { return .nothing }
      if peerHasEnded { return .close }
      return usage == .lingering ? .nothing : .linger
    }
  }

  // MARK: Transitions

  mutating func handle(_ event: Event) {
    apply(event)
    isOrdinary = input == .open && output == .open && !hasFailed
  }

  private mutating func apply(_ event: Event) {
    switch event {
    case .handlerStarted: if handler == .notStarted { handler = .running }
    case .handlerReturned:
      handler = .returned
      beginClose()
    case .received(let count): noteReceived(count)
    case .peerFin, .timedOut(.linger): if input != .truncated { input = .finReceived }
    case .truncated: input = canReceive ? .truncated : .finReceived
    case .inputExhausted: endInput()
    case .drain(let readable): drain(readable)
    case .closeOutbound: endOutput()
    case .close: beginClose()
    case .finSent: output = .finSent
    case .lingerBegan: if usage == .closing { usage = .lingering }
    // The handler decides what a late client means.
    case .timedOut(.receive): break
    case .timedOut(let limit): fail(.timedOut(limit))
    case .failed(let error): fail(error)
    case .socketClosed: usage = .closed
    }
  }

  @inline(__always)
  mutating func noteReceived(_ count: Int) {
    guard input == .draining else { return }
    inputBudget -= Int32(clamping: count)
    if inputBudget <= 0 { input = .ended }
  }

  private mutating func drain(_ readable: Int) {
    guard usage != .closed, !isDraining else { return }
    isDraining = true
    guard input == .open else { return }
    inputBudget = Int32(clamping: readable)
    input = readable > 0 ? .draining : .ended
  }

  private mutating func endInput() { if canReceive { input = .ended } }

  private mutating func endOutput() { if output == .open { output = .flushing } }

  private mutating func beginClose() {
    endInput()
    endOutput()
    if usage == .inUse { usage = .closing }
  }

  private mutating func fail(_ error: ConnectionError) {
    guard usage != .closed, !hasFailed else { return }
    heldFailure = CompactFailure(error)
    hasFailed = true
    if error.endsInOrder { beginClose() }
  }
}

extension ConnectionError {
  /// The peer is sent an alert that says why, and RST could take that from it.
  fileprivate var endsInOrder: Bool { if case .security = self { true } else { false } }
}
