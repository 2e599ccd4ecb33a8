// A client's non-blocking socket: connects with a deadline, closes when its owner goes. One thread.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

package struct ClientSocket: ~Copyable {
  private let socket: Socket

  private init(socket: consuming Socket) { self.socket = socket }

  var descriptor: CInt { socket.descriptor }

  /// Connects to the first of a server's addresses that answers.
  /// - Parameter name: the server in error messages.
  /// - Parameter limit: maximum time for each address; nil: as long as the system tries.
  /// - Throws: `TerminalClientError.cannotConnect`; `Poller.Interrupted`.
  package static func connect(
    to addresses: [SocketAddress], named name: String, within limit: Duration?,
    _ poller: borrowing Poller
  ) throws -> ClientSocket {
    var lastError = Errno.noSuchAddressOrDevice
    for address in addresses {
      do {
        return try connect(to: address, within: limit, poller)
      } catch let error as Errno {
        lastError = error
      }
    }
    throw TerminalClientError.cannotConnect(to: name, lastError)
  }

  private static func connect(
    to address: SocketAddress, within limit: Duration?, _ poller: borrowing Poller
  ) throws -> ClientSocket {
    let socket = try Socket(family: address.family, nonBlocking: true)
    if try !socket.connect(to: address.kernelForm) {
      let deadline = limit.map { MonotonicTime.now + $0 } ?? .never
      guard try poller.wait(for: socket.descriptor, POLLOUT, until: deadline) else {
        throw Errno.timedOut
      }
      if let error = socket.takePendingError() { throw error }
    }
    // Fails on a Unix socket, which has no such option.
    try? socket.set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    return ClientSocket(socket: socket)
  }

  /// Receives at most `limit` bytes (recv(2)): empty at the server's FIN, nil when nothing has arrived.
  func receive(atMost limit: Int) throws(TerminalClientError) -> [UInt8]? {
    do {
      return try Descriptor.receive(descriptor, atMost: limit)
    } catch {
      throw .connectionLost(error)
    }
  }

  /// Gives the kernel as many of the bytes as it takes now (send(2)); how many it took.
  func send(_ bytes: ArraySlice<UInt8>) throws(TerminalClientError) -> Int {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(Errno) in try socket.reference.send(buffer) }
    }
    switch result {
    case .success(let count): return count
    case .failure(.resourceTemporarilyUnavailable): return 0
    case .failure(let error): throw .connectionLost(error)
    }
  }

  /// Sends FIN; the server can still send (shutdown(2)).
  func shutdownSending() { socket.shutdownSending() }
}
