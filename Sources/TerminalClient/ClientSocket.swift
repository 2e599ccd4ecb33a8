// A client's non-blocking socket: connects with a deadline, closes when its owner goes.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

/// A connected stream socket. Used by one thread.
package struct ClientSocket: ~Copyable {
  private let socket: Socket

  private init(_ socket: consuming Socket) { self.socket = socket }

  var descriptor: CInt { socket.descriptor }

  /// Connects to the first of a server's addresses that answers.
  /// - Parameter name: what the server is called in errors.
  /// - Parameter limit: how long each address may take; nil: as long as the system tries.
  /// - Throws: ``TerminalClientError`` that says why the last address did not answer; `Interruption.Signalled`.
  package static func connect(
    to addresses: [SocketAddress], named name: String, within limit: Duration?,
    _ interruption: borrowing Interruption
  ) throws -> ClientSocket {
    var lastError = Errno.noSuchAddressOrDevice
    for address in addresses {
      do {
        return try connect(to: address, within: limit, interruption)
      } catch let error as Errno {
        lastError = error
      }
    }
    throw TerminalClientError(
      "cannot connect to \(name): \(lastError.sentence)\(remedy(for: lastError))")
  }

  private static func connect(
    to address: SocketAddress, within limit: Duration?, _ interruption: borrowing Interruption
  ) throws -> ClientSocket {
    let client = ClientSocket(try Socket(family: address.family, nonBlocking: true))
    if try !client.socket.connect(to: address.kernelForm) {
      let deadline = limit.map { ContinuousClock.now + $0 }
      guard try interruption.wait(for: client.descriptor, POLLOUT, until: deadline) else {
        throw Errno.timedOut
      }
      if let error = client.socket.takePendingError() { throw error }
    }
    // Fails on a Unix socket, which has no such option.
    try? client.socket.set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    return client
  }

  private static func remedy(for error: Errno) -> String {
    switch error {
    case .connectionRefused: " (is the server running? check the host and the port)"
    case .noSuchFileOrDirectory: " (is the server running? check the path)"
    case .permissionDenied: " (write permission on the socket is required)"
    case .timedOut: " (check the host and firewalls, or allow more time)"
    case .networkUnreachable, .noRouteToHost: " (check the host and this machine's network)"
    default: ""
    }
  }

  // MARK: Talking

  /// Takes what has arrived (recv(2)); empty at the server's FIN, nil when nothing has arrived.
  func receive(atMost limit: Int) throws(Errno) -> [UInt8]? {
    try Descriptor.receive(descriptor, atMost: limit)
  }

  /// The same, with an error as it is told to a person.
  func receiveOrFail(atMost limit: Int) throws(TerminalClientError) -> [UInt8]? {
    do {
      return try receive(atMost: limit)
    } catch {
      throw TerminalClientError("lost the connection: \(error.sentence)")
    }
  }

  /// Gives the kernel as many of the bytes as it takes now (send(2)); how many it took.
  func send(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(Errno) in try socket.reference.send(buffer) }
    }
    if case .failure(.resourceTemporarilyUnavailable) = result { return 0 }
    return try result.get()
  }

  /// Sends FIN; the server can still send (shutdown(2)).
  func closeOutbound() { socket.shutdownSending() }
}
