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
  private let backlog: Int
  private var file: SocketFile?

  private init(
    _ socket: consuming Socket, _ address: SocketAddress, _ file: SocketFile?, _ backlog: Int
  ) {
    self.socket = socket
    self.address = address
    self.file = file
    self.backlog = backlog
  }

  static func open(
    _ plan: ListenPlan, options: ConnectionOptions, backlog: Int
  ) throws(ServerError) -> ListeningSocket {
    do throws(Errno) {
      let socket = try bind(plan, options)
      guard let address = SocketAddress(try socket.boundAddress()) else {
        throw Errno.addressFamilyNotSupported
      }
      let file = plan.unixPath.flatMap { SocketFile(path: $0) }
      let bound = ListeningSocket(socket, address, file, backlog)
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

  deinit { file?.remove() }

  /// No client can join the accept queue any more but one at a time, when it is empty.
  /// - Returns: how many clients are in it, at most.
  mutating func closeQueue() -> Int {
    file?.remove()
    file = nil
    // On a socket that listens this changes the backlog alone (listen(2)); what is queued stays.
    try? socket.listen(backlog: 0)
    return isQueueEmpty ? 0 : queueLength ?? backlog + 1
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
