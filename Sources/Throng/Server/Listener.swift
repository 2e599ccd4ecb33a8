// Accepts clients, a bounded batch a turn. Its server loop decides whether it may; called by a thread
// of the loop, one at a time, which is what makes its mutable state safe.

import LinuxSystem
import SystemPackage

final class Listener: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: `socket` and `token` are set before the loop runs; the socket is
  // closed once no thread accepts from it. The other variables are under the server loop's lock.
  private var socket: ListeningSocket?
  private(set) var token = Token(rawValue: .max)
  private unowned let serverLoop: ServerLoop
  let loop: any EventLoop
  let options: ListenerOptions
  /// Other loops of the server accept from the same queue.
  private let isShared: Bool
  private let batch: Int
  private let acceptsNonBlocking: Bool
  private var isPaused = false
  /// Whether epoll watches the socket, as far as it has done what it was told.
  private var isArmed = true
  private(set) var isClosed = false
  private var isHandedOver = false
  /// Refuses clients while the loop is overloaded.
  private var shedder: LoadShedder?
  /// Threads inside `handleEvents`: in a pool a second one may come when accepting was resumed meanwhile.
  private var acceptors = 0
  /// How many clients may still be accepted; once the drain has begun, those that are in the queue.
  private var queued = Int.max
  private var isSettled = false
  /// Calls of accept(2) that have failed since the last one that has not.
  private var failures = 0

  /// Maximum clients in a row that may have failed before accept(2) returned them.
  private static let failuresInARow = 16
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(5)

  init(
    _ socket: consuming ListeningSocket, serverLoop: ServerLoop, acceptsNonBlocking: Bool
  ) throws(Errno) {
    self.serverLoop = serverLoop
    self.acceptsNonBlocking = acceptsNonBlocking
    loop = serverLoop.loop
    batch = serverLoop.configuration.acceptBatch
    options = socket.options
    shedder = serverLoop.configuration.shedDelay.map { LoadShedder(target: $0) }
    isShared = socket.queue != .own
    let descriptor = socket.socket.descriptor
    self.socket = consume socket
    token = try loop.register(self, descriptor, interest)
  }

  /// A client wakes one of the loops that share a queue, not all of them.
  private var interest: Readiness {
    loop.isOneShot ? [.readable, .oneShot] : isShared ? [.readable, .exclusive] : .readable
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    guard serverLoop.withListeners(begin) else { return }
    var count = 0
    while count < batch, acceptOne(isFirst: count == 0) { count += 1 }
    serverLoop.endTurn { end(hasAccepted: count > 0) }
  }

  private func begin() -> Bool {
    if isClosed { return false }
    acceptors += 1
    shedder?.beginTurn(now: .now)
    return true
  }

  /// - Returns: why epoll does not watch the socket as it should.
  private func end(hasAccepted: Bool) -> Errno? {
    acceptors -= 1
    if hasAccepted { failures = 0 }
    // The last client may have been accepted without a look at the empty queue, of which epoll says
    // nothing. In a pool another thread may still be at it.
    if isSettled { closeIfQueueIsEmpty() }
    if isClosed {
      closeIfUnused()
    } else if isPaused {
      if isArmed, !loop.isOneShot { _ = arm() }
    } else if !isArmed || loop.isOneShot {
      return arm()
    }
    return nil
  }

  /// False when there is no client to accept, or when accepting must pause.
  private func acceptOne(isFirst: Bool) -> Bool {
    let permission = serverLoop.permission(from: self, isFirst: isFirst)
    guard permission != .no else { return false }
    do throws(Errno) {
      guard let client = try socket?.accept(nonBlocking: acceptsNonBlocking) else {
        throw Errno.resourceTemporarilyUnavailable
      }
      if permission == .refuse {
        serverLoop.refuse(client)
      } else {
        serverLoop.admit(client, from: self)
      }
      return true
    } catch .resourceTemporarilyUnavailable {
      serverLoop.queueWasEmpty(from: self, hadPlace: permission == .admit)
      return false
    } catch {
      return serverLoop.acceptFailed(error, from: self, hadPlace: permission == .admit)
    }
  }

  func handleWakeup(now: MonotonicTime) {}

  // MARK: Under the server loop's lock

  func pause() {
    guard !isPaused else { return }
    isPaused = true
    shedder?.suspend()
    // Where this fails an event comes and finds accepting paused, and `end` tries again.
    if isArmed { _ = arm() }
  }

  /// - Returns: why it cannot; it must then be paused again.
  func resume() -> Errno? {
    guard isPaused else { return nil }
    isPaused = false
    return arm()
  }

  /// A service manager keeps the queue.
  var isKeptOpen: Bool { socket?.passedName != nil }

  /// Clients in the accept queue; nil where the kernel does not say, and once it is closed.
  var queueLength: Int? { socket?.queueLength }

  /// Nil once it is closed.
  var descriptor: CInt? { socket?.socket.descriptor }

  /// Has epoll watch the socket unless accepting is paused.
  private func arm() -> Errno? {
    guard let descriptor else { return nil }
    do throws(Errno) {
      if isShared, !loop.isOneShot {
        // An exclusive watch cannot be modified (epoll_ctl(2)).
        loop.epoll.delete(descriptor)
        if !isPaused { try loop.epoll.add(descriptor, interest, token) }
      } else {
        // epoll reports a hang-up whatever the mask: with `oneShot` at most once.
        try loop.epoll.modify(descriptor, isPaused ? .oneShot : interest, token)
      }
      isArmed = !isPaused
      return nil
    } catch {
      return error
    }
  }

  var hasQueue: Bool { queued > 0 }

  /// - Returns: whether a client that has waited so long is refused because the loop is overloaded. Those that
  ///   were in the queue when the server began to stop are not.
  func sheds(after delay: Duration, now: MonotonicTime) -> Bool {
    queued == .max && shedder?.refuses(delay: delay, now: now) == true
  }

  /// A client is about to be accepted.
  func noteAccept() { if queued != .max { queued -= 1 } }

  /// There was no client to accept.
  func noteEmptyQueue() {
    failures = 0
    shedder?.noteEmptyQueue()
    if isSettled { queued = 0 }
  }

  /// - Returns: how long to rest; nil: the next client may be accepted at once.
  func noteFailure(_ error: Errno) -> Duration? {
    failures += 1
    if error.isExhaustion { return Self.firstPause }
    let patience = error.concernsOneClient ? Self.failuresInARow : 0
    guard failures > patience else { return nil }
    return min(Self.longestPause, Self.firstPause * (1 << min(failures - patience - 1, 8)))
  }

  /// Lets no client join the queue; `settle` follows. A queue that a service manager keeps is left to it. On a
  /// thread of the loop.
  func drain() {
    guard !isClosed else { return }
    if queueIsElsewhere { return _ = close() }
    queued = socket?.closeQueue() ?? 0
  }

  /// The clients whose handshake had begun have joined the queue: closes once it is empty.
  func settle() {
    guard queued != .max else { return }
    isSettled = true
    if acceptors == 0 { closeIfQueueIsEmpty() }
  }

  private func closeIfQueueIsEmpty() {
    if !isClosed, queued == 0 || socket?.isQueueEmpty != false { close() }
  }

  /// Stops listening, at once or when the threads that accept are done. On a thread of the loop.
  /// - Returns: how many clients were in a queue that nothing serves, where the kernel says it.
  @discardableResult
  func close() -> Int {
    guard !isClosed else { return 0 }
    isClosed = true
    let count = queueIsElsewhere ? 0 : socket?.queueLength ?? 0
    closeIfUnused()
    return count
  }

  /// Stops accepting; the process that has taken over serves the queue. On a thread of the loop.
  func handOver() {
    socket?.disownFile()
    isHandedOver = true
    close()
  }

  /// The predecessor has left the socket to this process.
  func ownFile() { socket?.ownFile() }

  /// The socket for another process; nil when that of another loop has the same queue.
  func passedSocket(isCompanions: Bool) throws(Errno) -> PassedSocket? {
    if socket?.queue == .shared(isFirst: false) { return nil }
    return try socket?.passedSocket(isCompanions: isCompanions)
  }

  /// For another thread, when that of the loop does not come to `close`.
  func stopListening() {
    if !queueIsElsewhere { socket?.socket.shutdownBoth() }
  }

  /// Whether the clients in the queue are served by another process, or by another loop.
  private var queueIsElsewhere: Bool {
    isHandedOver || socket?.passedName != nil || socket?.queue == .shared(isFirst: false)
  }

  private func closeIfUnused() {
    guard acceptors == 0, let descriptor else { return }
    // A forked child may keep the socket open, and epoll would go on reporting it.
    loop.epoll.delete(descriptor)
    socket = nil
    loop.deregister(token)
  }
}
