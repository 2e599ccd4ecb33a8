// A connection on its way: a non-blocking connect(2) whose end epoll reports as writable. Events come on the
// threads of its loop; in a pool the end of the loop's connections may come on another one.

import LinuxSystem
import Synchronization
import SystemPackage

/// What is told how a connect(2) ends.
protocol ConnectOwner: AnyObject, Sendable {
  var loop: any EventLoop { get }
  var connectTimeout: Duration { get }
  func connected(_ socket: consuming Socket, _ request: ConnectRequest)
  func failed(_ failure: ConnectFailure)
}

final class PendingConnection: EventSource, Sendable {
  private struct State: ~Copyable {
    /// Nil when the attempt is over.
    var outbound: OutboundSocket?
    var token = Token(rawValue: .max)
  }

  private let request: ConnectRequest
  private let owner: any ConnectOwner
  private let state: Mutex<State>
  private let deadline: MonotonicTime

  /// - Parameter deadline: until then the server must answer.
  init(
    _ request: ConnectRequest, _ outbound: consuming OutboundSocket, owner: any ConnectOwner,
    deadline: MonotonicTime
  ) {
    self.request = request
    self.owner = owner
    self.deadline = deadline
    state = Mutex(State(outbound: outbound))
  }

  /// Waits for the end of the connect. On a thread of the loop.
  func start() throws(Errno) -> Token {
    let loop = owner.loop
    return try state.withLock { (s) throws(Errno) in
      let interest: Readiness = loop.isOneShot ? [.writable, .oneShot] : .writable
      guard let descriptor = s.outbound?.socket.descriptor else { throw .badFileDescriptor }
      s.token = try loop.register(self, descriptor, interest)
      loop.setTimer(s.token, at: deadline)
      return s.token
    }
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    let error = state.withLock { $0.outbound?.socket.takePendingError() }
    if let error { return end(.system(error)) }
    guard readiness.contains(.writable) else { return watchAgain() }
    guard var outbound = take() else { return }
    owner.connected(outbound.take(), request)
  }

  /// An event without an error and without `writable` says nothing yet.
  private func watchAgain() {
    guard owner.loop.isOneShot else { return }
    let error: Errno? = state.withLock { s in
      guard let descriptor = s.outbound?.socket.descriptor else { return nil }
      do throws(Errno) {
        try owner.loop.epoll.modify(descriptor, [.writable, .oneShot], s.token)
        return nil
      } catch {
        return error
      }
    }
    if let error { end(.system(error)) }
  }

  /// The time is over, or the caller does not want the connection any more.
  func handleWakeup(now: MonotonicTime) {
    end(now < deadline ? .stopped : .timedOut(after: owner.connectTimeout))
  }

  /// On a thread of the loop.
  func end(_ reason: ConnectFailure.Reason) {
    guard var outbound = take() else { return }
    outbound.socket.close()
    owner.failed(request.failure(reason))
  }

  /// - Returns: nil when the attempt is over.
  private func take() -> OutboundSocket? {
    state.withLock { s in
      guard let outbound = s.outbound.take() else { return nil }
      owner.loop.epoll.delete(outbound.socket.descriptor)
      owner.loop.deregister(s.token)
      return outbound
    }
  }
}

/// A socket that has begun to connect.
struct OutboundSocket: ~Copyable {
  var socket: Socket
  /// It took no time.
  let isConnected: Bool

  static func open(
    to address: SocketAddress, from source: SocketAddress?, _ options: ConnectionOptions
  ) throws(Errno) -> OutboundSocket {
    let socket = try Socket(family: address.family, nonBlocking: true)
    try socket.apply(options, isTCP: address.port != nil)
    if let source {
      try socket.chooseSourcePortAtConnect()
      try socket.bind(to: source.kernelForm)
    }
    let isConnected = try socket.connect(to: address.kernelForm)
    return OutboundSocket(socket: socket, isConnected: isConnected)
  }

  /// Leaves nothing behind.
  mutating func take() -> Socket {
    var taken = Socket(adopting: -1)
    swap(&taken, &socket)
    return taken
  }
}
