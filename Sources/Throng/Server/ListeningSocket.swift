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
  /// The file to remove at the end.
  private let unixPath: String?

  private init(_ socket: consuming Socket, _ address: SocketAddress, unixPath: String?) {
    self.socket = socket
    self.address = address
    self.unixPath = unixPath
  }

  static func open(
    _ plan: ListenPlan, options: ConnectionOptions, backlog: Int
  ) throws(ServerError) -> ListeningSocket {
    do {
      let socket = try bind(plan, options)
      let address = socket.localAddress ?? plan.address
      let bound = ListeningSocket(socket, address, unixPath: plan.unixPath)
      if let path = plan.unixPath { _ = try check(shim_chmod(path, plan.mode)) }
      _ = try check(shim_listen(bound.socket.descriptor, CInt(clamping: backlog)))
      return bound
    } catch {
      throw explain(error, plan)
    }
  }

  deinit { if let unixPath { _ = shim_unlink(unixPath) } }

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
    if plan.isShared { try socket.set(SOL_SOCKET, SO_REUSEPORT, 1) }
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

  private static func explain(_ error: Errno, _ plan: ListenPlan) -> ServerError {
    let remedy =
      switch error {
      case .addressInUse:
        plan.isUnix
          ? "is another server running? try another path" : "is another server running? try --port"
      case .permissionDenied where plan.unixPath != nil:
        "may you write to its directory? choose another path"
      case .permissionDenied:
        "ports below 1024 need the right CAP_NET_BIND_SERVICE: choose a higher one with --port"
      case .addressNotAvailable: "this machine does not have that address: check --host"
      case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit with ulimit -n"
      case .noSuchFileOrDirectory: "its directory does not exist: create it, or choose another path"
      default: ""
      }
    return .cannotListen(on: plan.place, reason: describe(error), remedy: remedy)
  }

  private static func describe(_ error: Errno) -> String {
    let text = "\(error)"
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// One address to listen on, decided before anything is opened.
struct ListenPlan {
  var address: SocketAddress
  /// As a person would name it in an error.
  let place: String
  var isDualStack = false
  /// Several loops listen on the same address.
  var isShared = false
  var unixPath: String?
  var mode: UInt32 = 0o666

  /// A path or an abstract name.
  var isUnix: Bool { address.family == AF_UNIX }

  /// What the configuration's endpoints come to.
  static func plans(for endpoints: [Endpoint], shared: Bool) throws(ServerError) -> [ListenPlan] {
    var plans: [ListenPlan] = []
    for endpoint in endpoints {
      do {
        plans += try self.plans(for: endpoint, shared: shared)
      } catch {
        throw .address(error)
      }
    }
    // `::` takes IPv4 clients as well, unless IPv4's own any-address is listened on beside it.
    let hasIPv4Wildcard = plans.contains {
      if case .ipv4(0, _) = $0.address.storage { true } else { false }
    }
    if hasIPv4Wildcard { for index in plans.indices { plans[index].isDualStack = false } }
    return plans
  }

  private static func plans(
    for endpoint: Endpoint, shared: Bool
  ) throws(AddressError) -> [ListenPlan] {
    switch endpoint {
    case .anyAddress(let port):
      guard (0...65535).contains(port) else { throw .portOutOfRange(port) }
      let address =
        isIPv6Available
        ? SocketAddress(.ipv6(high: 0, low: 0, scope: 0, port: UInt16(port)))
        : SocketAddress(.ipv4(address: 0, port: UInt16(port)))
      return [
        ListenPlan(
          address: address, place: "port \(port)", isDualStack: isIPv6Available, isShared: shared)
      ]
    case .host(let host, let port):
      return try SocketAddress.resolve(host: host, port: port).map {
        ListenPlan(
          address: $0, place: "\($0)", isDualStack: $0.isWildcardIPv6, isShared: shared)
      }
    case .unix(let path, let mode):
      let address = try SocketAddress.unix(path: path)
      let file = path.hasPrefix("@") ? nil : path
      return [ListenPlan(address: address, place: path, unixPath: file, mode: mode)]
    }
  }

  private static var isIPv6Available: Bool {
    let fd = shim_socket(AF_INET6, 0)
    guard fd >= 0 else { return false }
    _ = Socket(adopting: fd)
    return true
  }
}
