// Binding and listening (bind(2), listen(2)), with errors that name the remedy.

import Glibc
import LinuxSystem
import SystemPackage

/// A client that has just connected.
struct AcceptedClient: ~Copyable {
  var socket: Socket
  let address: SocketAddress
}

/// A socket that accepts clients. Used by the thread of its listener.
struct ListeningSocket: ~Copyable {
  var socket: Socket
  let address: SocketAddress
  /// How the clients are treated.
  let options: ListenerOptions
  /// Which descriptors share the accept queue.
  let queue: Queue
  private let backlog: Int
  private var file: SocketFile?
  /// The file of a Unix socket that the predecessor still owns.
  private var fileOfPredecessor: String?

  enum Queue: Equatable {
    /// Of this socket alone.
    case own
    /// Of several loops; `isFirst`: of the first of them.
    case shared(isFirst: Bool)
  }

  /// The process that this one takes over from has it as well.
  let isInherited: Bool
  /// The name that a service manager has given the socket, which it keeps open; nil: it is the server's.
  let passedName: String?

  private init(
    _ socket: consuming Socket, _ address: SocketAddress, _ plan: ListenPlan,
    queue: Queue = .own, isInherited: Bool = false, passedName: String? = nil, backlog: Int
  ) {
    self.socket = socket
    self.address = address
    self.queue = queue
    self.isInherited = isInherited
    self.passedName = passedName
    self.backlog = backlog
    options = plan.options
  }

  static func open(
    _ plan: ListenPlan, options: ConnectionOptions, backlog: Int
  ) throws(ServerError) -> ListeningSocket {
    do throws(Errno) {
      let socket = try bind(plan, options)
      guard let address = SocketAddress(try socket.boundAddress()) else {
        throw Errno.addressFamilyNotSupported
      }
      var bound = ListeningSocket(socket, address, plan, backlog: backlog)
      bound.file = plan.unixPath.flatMap { SocketFile(path: $0) }
      if let path = plan.unixPath { try SocketFile.setMode(plan.mode, path: path) }
      try bound.socket.listen(backlog: backlog)
      // Not before: two servers that start at the same time would share the port. Now only this one has
      // it, and the sockets of its other loops may join.
      if plan.sharing == .first { try bound.socket.set(SOL_SOCKET, SO_REUSEPORT, 1) }
      return bound
    } catch {
      throw .cannotListen(on: plan.place, failure(error, plan))
    }
  }

  /// A descriptor of a socket that this process was started with.
  static func adopt(
    _ passed: PassedSocket, _ plan: ListenPlan, queue: Queue, options: ConnectionOptions,
    backlog: Int
  ) throws(ServerError) -> ListeningSocket {
    do throws(Errno) {
      let socket = try passed.socket.duplicate()
      socket.setNonBlocking()
      try socket.apply(options, isTCP: !plan.isUnix)
      let isManaged = passed.origin == .serviceManager
      if !isManaged { try socket.listen(backlog: backlog) }
      var adopted = ListeningSocket(
        socket, passed.address, plan, queue: queue,
        isInherited: PassedSockets.ofThisProcess.hasPredecessor,
        passedName: isManaged ? passed.name : nil,
        backlog: backlog)
      if !isManaged { adopted.fileOfPredecessor = plan.unixPath }
      return adopted
    } catch {
      throw .cannotListen(on: plan.place, .system(error))
    }
  }

  deinit { file?.remove() }

  /// The predecessor does not remove the file of a Unix socket any more: this process will.
  mutating func ownFile() {
    if let path = fileOfPredecessor.take() { file = SocketFile(path: path) }
  }

  /// The process that takes over removes the file.
  mutating func disownFile() { file = nil }

  /// No client can join the accept queue any more, except those whose handshake has begun; a Unix socket
  /// takes one at a time, when the queue is empty.
  /// - Returns: how many clients may be in it, or join it still, at most.
  mutating func closeQueue() -> Int {
    file?.remove()
    file = nil
    if address.port == nil || !socket.dropNewHandshakes() {
      // On a socket that listens this changes the backlog alone (listen(2)); what is queued stays.
      try? socket.listen(backlog: 0)
    }
    return backlog + 1
  }

  /// The same socket for another process.
  func passedSocket(isCompanions: Bool) throws(Errno) -> PassedSocket {
    PassedSocket(
      try socket.duplicate(), address, name: passedName ?? "", isCompanions: isCompanions)
  }

  /// Whether no client waits to be accepted.
  var isQueueEmpty: Bool { !socket.reference.hasInput }

  /// Clients in the accept queue; nil where the kernel does not say: on Unix sockets.
  var queueLength: Int? { socket.acceptQueueLength }

  /// The next client that has connected (accept4(2)); its socket inherits the options set on this one.
  func accept(nonBlocking: Bool) throws(Errno) -> AcceptedClient {
    var peer = KernelAddress()
    let client = try socket.accept(nonBlocking: nonBlocking, peer: &peer)
    return AcceptedClient(socket: client, address: SocketAddress(peer) ?? SocketAddress(.unix("")))
  }

  private static func bind(
    _ plan: ListenPlan, _ options: ConnectionOptions
  ) throws(Errno) -> Socket {
    if let path = plan.unixPath { try clearStaleFile(path, plan.address) }
    let socket = try Socket(family: plan.address.family, nonBlocking: true)
    try set(socket, plan, options)
    try socket.bind(to: plan.address.kernelForm)
    return socket
  }

  private static func set(
    _ socket: borrowing Socket, _ plan: ListenPlan, _ options: ConnectionOptions
  ) throws(Errno) {
    try socket.apply(options, isTCP: !plan.isUnix)
    guard !plan.isUnix else { return }
    try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    if plan.sharing == .further { try socket.set(SOL_SOCKET, SO_REUSEPORT, 1) }
    if plan.address.family == AF_INET6 {
      try socket.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, plan.isDualStack ? 0 : 1)
    }
  }

  /// Removes a socket file that no process listens on.
  private static func clearStaleFile(_ path: String, _ address: SocketAddress) throws(Errno) {
    guard SocketFile.isSocket(path: path) else { return }
    let probe = try Socket(family: AF_UNIX, nonBlocking: true)
    do throws(Errno) {
      _ = try probe.connect(to: address.kernelForm)
    } catch .connectionRefused {
      SocketFile.remove(path: path)
    } catch {}
  }

  private static func failure(_ error: Errno, _ plan: ListenPlan) -> ListenFailure {
    switch error {
    case .addressInUse:
      if let path = plan.unixPath, !SocketFile.isSocket(path: path) { return .notASocket }
      return plan.address.port.map { .portInUse($0) } ?? .unixSocketInUse
    case .permissionDenied: return plan.unixPath == nil ? .portProtected : .directoryProtected
    case .addressNotAvailable: return .addressNotAvailable
    case .noSuchFileOrDirectory: return .noSuchDirectory
    default: return .system(error)
    }
  }
}
