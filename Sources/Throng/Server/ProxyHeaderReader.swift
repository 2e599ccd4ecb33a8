// A client from which a PROXY protocol header must come first: its socket waits here, before there is a
// connection. Exactly the header is taken from the socket; what follows, TLS or the client's own bytes,
// stays for the connection. In a pool the timer and an event may come at once, hence the lock.

import LinuxSystem
import Synchronization
import SystemPackage

final class ProxyHeaderReader: EventSource, Sendable {
  private struct State: ~Copyable {
    var socket: Socket
    var token = Token(rawValue: .max)
    /// What was taken from the socket: the beginning of the header.
    var received: [UInt8] = []
    var isOver = false
  }

  /// The proxy's address.
  private let peer: SocketAddress
  private let listener: ListenerOptions
  private unowned let serverLoop: ServerLoop
  private let state: Mutex<State>

  init(
    _ client: consuming AcceptedClient, _ listener: ListenerOptions, serverLoop: ServerLoop
  ) {
    peer = client.address
    self.listener = listener
    self.serverLoop = serverLoop
    state = Mutex(State(socket: client.socket))
  }

  private var interest: Readiness {
    serverLoop.loop.isOneShot ? [.readable, .oneShot] : .readable
  }

  /// Waits for the header, until the deadline at most. On a thread of the loop.
  func start(deadline: MonotonicTime) throws(Errno) {
    try state.withLock { (s) throws(Errno) in
      s.token = try serverLoop.loop.register(self, s.socket.descriptor, interest)
      serverLoop.loop.setTimer(s.token, at: deadline)
    }
  }

  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer) {
    let outcome = state.withLock { s -> Outcome? in
      guard !s.isOver else { return nil }
      do throws(ProxyProtocolError) {
        guard let header = try readHeader(&s) else {
          if serverLoop.loop.isOneShot { try rearm(&s) }
          return nil
        }
        return .header(header, end(&s))
      } catch {
        return .failure(error, end(&s))
      }
    }
    if let outcome { tell(outcome) }
  }

  func handleWakeup(now: MonotonicTime) { fail(.timedOut) }

  /// Resets the connection. Does nothing once the header has come.
  func fail(_ error: ProxyProtocolError) {
    let outcome = state.withLock { s -> Outcome? in s.isOver ? nil : .failure(error, end(&s)) }
    if let outcome { tell(outcome) }
  }

  private enum Outcome: ~Copyable {
    case header(ProxyHeader, Socket)
    case failure(ProxyProtocolError, Socket)
  }

  /// Without the lock: what follows calls back.
  private func tell(_ outcome: consuming Outcome) {
    switch consume outcome {
    case .header(let header, let socket): serverLoop.admit(socket, header, from: peer, listener)
    case .failure(let error, let socket): serverLoop.refuse(socket, error, from: peer)
    }
  }

  private func end(_ s: inout State) -> Socket {
    s.isOver = true
    serverLoop.loop.epoll.delete(s.socket.descriptor)
    serverLoop.loop.deregister(s.token)
    var socket = Socket(adopting: -1)
    swap(&socket, &s.socket)
    return socket
  }

  private func rearm(_ s: inout State) throws(ProxyProtocolError) {
    do throws(Errno) {
      try serverLoop.loop.epoll.modify(s.socket.descriptor, interest, s.token)
    } catch {
      // Without a further event only the deadline would end it.
      throw .timedOut
    }
  }

  /// Looks at what has arrived, and takes no more of it than belongs to the header.
  private func readHeader(_ s: inout State) throws(ProxyProtocolError) -> ProxyHeader? {
    let arrived: [UInt8]
    do throws(Errno) {
      let limit = ProxyHeader.maximumLength - s.received.count
      guard let bytes = try s.socket.reference.peek(atMost: limit) else { return nil }
      arrived = bytes
    } catch {
      throw .truncated
    }
    if arrived.isEmpty { throw .truncated }
    let known = s.received.count
    s.received += arrived
    let parsed = try ProxyHeader.parse(s.received[...])
    // As long as the header is not complete, all that has arrived belongs to it.
    let count = (parsed?.length ?? s.received.count) - known
    guard s.socket.reference.discard(count) else { throw .truncated }
    return parsed?.header
  }
}
