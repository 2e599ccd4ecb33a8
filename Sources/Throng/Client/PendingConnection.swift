// A connection on its way: a non-blocking connect(2) whose end epoll reports as writable. Belongs to
// the thread of its connector's loop.

import LinuxSystem
import SystemPackage

final class PendingConnection: EventSource, @unchecked Sendable {
  // Invariant behind @unchecked: used on the loop's thread only.
  private let request: ConnectRequest
  private unowned let clientLoop: ClientLoop
  private var outbound: OutboundSocket
  private var token = Token(rawValue: .max)
  private var isOver = false

  init(_ request: ConnectRequest, _ outbound: consuming OutboundSocket, clientLoop: ClientLoop) {
    self.request = request
    self.outbound = outbound
    self.clientLoop = clientLoop
  }

  /// Waits for the end of the connect, at most until the deadline.
  func start(deadline: MonotonicTime) throws(Errno) {
    token = try clientLoop.loop.register(self, outbound.socket.descriptor, .writable)
    clientLoop.loop.setTimer(token, at: deadline)
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    guard !isOver else { return }
    // An event without an error and without `writable` says nothing yet.
    if let error = outbound.socket.takePendingError() { return end(.system(error)) }
    guard readiness.contains(.writable) else { return }
    isOver = true
    clientLoop.loop.epoll.delete(outbound.socket.descriptor)
    clientLoop.loop.deregister(token)
    clientLoop.connected(outbound.take(), request)
  }

  func handleWakeup(now: MonotonicTime) { end(.timedOut(after: clientLoop.connectTimeout)) }

  func end(_ reason: ConnectFailure.Reason) {
    guard !isOver else { return }
    isOver = true
    outbound.socket.close()
    clientLoop.loop.deregister(token)
    clientLoop.failed(request.failure(reason))
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
