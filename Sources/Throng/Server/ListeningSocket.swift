// Binding and listening (bind(2), listen(2)), with errors that name the remedy.

import CEpollShim
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
    do {
      let socket = try bind(plan, options)
      let address = try socket.boundAddress
      let file = plan.unixPath.flatMap { SocketFile(path: $0) }
      let bound = ListeningSocket(socket, address, file, backlog)
      if let path = plan.unixPath { _ = try check(shim_chmod(path, plan.mode)) }
      _ = try check(shim_listen(bound.socket.descriptor, CInt(clamping: backlog)))
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
    _ = shim_listen(socket.descriptor, 0)
    return isQueueEmpty ? 0 : queueLength ?? backlog + 1
  }

  /// Whether no client waits to be accepted.
  var isQueueEmpty: Bool { !socket.reference.hasInput }

  /// Clients in the accept queue; nil where the kernel does not say: on Unix sockets.
  var queueLength: Int? {
    let length = shim_accept_queue_length(socket.descriptor)
    return length >= 0 ? Int(length) : nil
  }

  /// The next client that has connected (accept4(2)); its socket inherits the options set on this one.
  func accept(nonBlocking: Bool) throws(Errno) -> AcceptedClient {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let flags = nonBlocking ? CInt(SOCK_NONBLOCK.rawValue) : 0
    let fd = try retrying { shim_accept(socket.descriptor, &storage, &length, flags) }
    let peer = SocketAddress(decoding: &storage, length: length) ?? SocketAddress(.unix(""))
    return AcceptedClient(socket: Socket(adopting: fd), address: peer)
  }

  private static func bind(
    _ plan: ListenPlan, _ options: ConnectionOptions
  ) throws(Errno) -> Socket {
    if let path = plan.unixPath { try clearStaleFile(path, plan.address) }
    let descriptor = try check(shim_socket(plan.address.family, CInt(SOCK_NONBLOCK.rawValue)))
    let socket = Socket(adopting: descriptor)
    try set(socket, plan, options)
    _ = try check(plan.address.withKernelForm { shim_bind(descriptor, $0, $1) })
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

  /// A socket file that nobody listens on is a leftover; one that answers is somebody's.
  private static func clearStaleFile(_ path: String, _ address: SocketAddress) throws(Errno) {
    guard shim_is_socket(path) != 0 else { return }
    let probe = Socket(adopting: try check(shim_socket(AF_UNIX, CInt(SOCK_NONBLOCK.rawValue))))
    let result = address.withKernelForm { shim_connect(probe.descriptor, $0, $1) }
    if result == -ECONNREFUSED { _ = shim_unlink(path) }
  }

  private static func failure(_ error: Errno, _ plan: ListenPlan) -> ListenFailure {
    switch error {
    case .addressInUse:
      if let path = plan.unixPath, shim_is_socket(path) == 0 { return .notASocket }
      return plan.address.port.map { .portInUse($0) } ?? .unixSocketInUse
    case .permissionDenied: return plan.unixPath == nil ? .portProtected : .directoryProtected
    case .addressNotAvailable: return .addressNotAvailable
    case .noSuchFileOrDirectory: return .noSuchDirectory
    default: return .system(error)
    }
  }
}

/// The file of a Unix socket, which another process may have replaced when this one wants to remove it.
private struct SocketFile {
  private let path: String
  /// The kernel does not use the number again while the socket that was bound to it is open.
  private let identity: shim_file_identity

  init?(path: String) {
    var identity = shim_file_identity()
    guard shim_identify_file(path, &identity) >= 0 else { return nil }
    self.path = path
    self.identity = identity
  }

  /// Does nothing when the path names another file by now.
  func remove() {
    var now = shim_file_identity()
    guard shim_identify_file(path, &now) >= 0, now.device == identity.device,
      now.inode == identity.inode
    else { return }
    _ = shim_unlink(path)
  }
}
