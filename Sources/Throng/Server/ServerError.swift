// Why a server does not start. The errors are values; their sentences speak of the library's API.

import LinuxSystem
import SystemPackage

/// Why a server does not run.
public enum ServerError: Error, Equatable, Sendable {
  /// It cannot listen on a place, which is named as in the configuration.
  case cannotListen(on: String, ListenFailure)
  /// An address of the configuration is not valid, or its host is unknown.
  case address(AddressError)
  /// The system refuses what the server needs to run.
  case cannotStart(ServerResource, Errno)
  /// An event loop could not go on: its connections were reset, the other loops have drained.
  case eventLoop(EventLoopError)
  /// Connections that had not ended one second after they were reset, because handlers block their thread
  /// or ignore the cancellation of their task. The server has stopped without them. Its event loops
  /// continue while such handlers run, so that they can end.
  case handlersStillRunning(connections: Int)
  /// Handlers are made for each event loop (``Server/init(perLoop:model:configuration:log:)``), and this model
  /// has none that own their connections.
  case noEventLoops(Model)
  /// ``Server/listen()`` or `Server.run()` was called before.
  case alreadyRunning
}

extension ServerError: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .cannotListen(let place, let failure): "cannot listen on \(place): \(failure)"
    case .address(let error): error.description
    case .cannotStart(let resource, let error): resource.explanation(error)
    case .eventLoop(let error):
      "\(error) (the connections of that event loop were reset, and the server has stopped)"
    case .handlersStillRunning(let connections):
      """
      stopped without waiting for handlers that block their thread or ignore their cancellation \
      (connections not ended: \(connections))
      """
    case .noEventLoops(let model):
      """
      handlers are made for each event loop, and the model has none that own their connections: \(model) \
      (choose a reactor, or share one Sendable handler)
      """
    case .alreadyRunning: "the server is running already, or has run (make a new one)"
    }
  }
}

/// What a server needs besides its listeners.
public enum ServerResource: Equatable, Sendable {
  /// An epoll instance and its waker (epoll_create1(2), eventfd(2)), or a registration with it.
  case eventLoop
  /// A thread that runs an event loop, or the one inside `Server.run()` (pthread_create(3)).
  case thread
  /// A descriptor for signals, or for the events of the threads (signalfd(2), eventfd(2)).
  case supervision

  fileprivate func explanation(_ error: Errno) -> String {
    let what =
      switch self {
      case .eventLoop: "make an event loop"
      case .thread: "start a thread"
      case .supervision: "run the server"
      }
    let remedy = self == .thread ? "raise ulimit -u" : Exhaustion(error).remedy
    return "cannot \(what): \(error.sentence) (\(remedy))"
  }
}

/// Why a server cannot listen on a place (bind(2), listen(2), ip(7), unix(7)).
public enum ListenFailure: Equatable, Sendable {
  /// A socket of another process or of this one has the TCP port: a listener, or a connection that was
  /// made from there.
  case portInUse(Int)
  /// A server listens on this Unix socket.
  case unixSocketInUse
  /// The path of the Unix socket names something that is not a socket.
  case notASocket
  /// The process was started without a listening socket of this name, or another listener has it.
  case notPassed
  /// The listener's clients speak TLS, and the server has no certificate.
  case noCertificate
  /// The listener's clients are proxies, and no address is trusted as a proxy.
  case noTrustedProxy
  /// Several loops cannot share a Unix socket.
  case unixSocketWithLoops
  /// The system protects ports below `net.ipv4.ip_unprivileged_port_start`, usually 1024.
  case portProtected
  /// The process may not make a Unix socket in that directory.
  case directoryProtected
  /// The directory of the Unix socket does not exist.
  case noSuchDirectory
  /// The machine does not have the address.
  case addressNotAvailable
  /// Any other answer of the system.
  case system(Errno)

  /// What has happened.
  public var reason: String {
    switch self {
    case .portInUse, .unixSocketInUse: Errno.addressInUse.sentence
    case .notASocket: "a file that is not a socket has this path"
    case .notPassed: "no listening socket of that name was passed to this process"
    case .noCertificate: "its clients speak TLS, and there is no certificate"
    case .noTrustedProxy: "its clients are proxies, and none is trusted"
    case .unixSocketWithLoops: "several loops cannot share a Unix socket"
    case .portProtected, .directoryProtected: Errno.permissionDenied.sentence
    case .noSuchDirectory: "its directory does not exist"
    case .addressNotAvailable: "this machine does not have that address"
    case .system(let error): error.sentence
    }
  }

  /// What helps, in terms of the library's API; nil when there is nothing to say.
  public var remedy: String? {
    switch self {
    case .portInUse(let port):
      """
      a server listens there or an outgoing connection has this port, see \
      ss -tanp 'sport = :\(port)'; choose another port in Configuration.listen, or keep the port free \
      of outgoing connections with sysctl net.ipv4.ip_local_reserved_ports=\(port)
      """
    case .unixSocketInUse: "a server listens there; choose another path in Configuration.listen"
    case .notASocket: "remove it, or choose another path in Configuration.listen"
    case .notPassed:
      "start it by socket activation, and check FileDescriptorName of the socket unit"
    case .noCertificate: "set Configuration.security"
    case .noTrustedProxy: "name their addresses in Configuration.proxyProtocolFrom"
    case .unixSocketWithLoops: "choose one loop, or the thread pool"
    case .portProtected:
      """
      ports below 1024 need the capability CAP_NET_BIND_SERVICE; choose a higher port in \
      Configuration.listen
      """
    case .directoryProtected:
      "make its directory writable, or choose another path in Configuration.listen"
    case .noSuchDirectory: "create it, or choose another path in Configuration.listen"
    case .addressNotAvailable: "check the host in Configuration.listen"
    case .system(let error): error.isExhaustion ? Exhaustion(error).remedy : nil
    }
  }
}

extension ListenFailure: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String { remedy.map { "\(reason) (\($0))" } ?? reason }
}
