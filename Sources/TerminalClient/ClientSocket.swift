// A client's non-blocking socket: connects with a deadline, closes when its owner goes. One thread.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

package struct ClientSocket: ~Copyable {
  private let socket: Socket

  /// TLS; nil: none.
  private let secure: SecureStream?

  private init(socket: consuming Socket, _ session: (any SecureSession)?) {
    let reference = socket.reference
    secure = session.map { SecureStream($0, on: reference) }
    self.socket = socket
  }

  var descriptor: CInt { socket.descriptor }

  /// Connects to the first of a server's addresses that answers, and completes the TLS handshake.
  /// - Parameter name: the server in error messages.
  /// - Parameter limit: maximum time for each address; nil: as long as the system tries.
  /// - Parameter makeSession: makes the TLS session; nil: no TLS.
  /// - Throws: `TerminalClientError.cannotConnect` or `security`; `Poller.Interrupted`.
  package static func connect(
    to addresses: [SocketAddress], named name: String, within limit: Duration?,
    secured makeSession: (() throws(SecurityFailure) -> any SecureSession)?,
    _ poller: borrowing Poller
  ) throws -> ClientSocket {
    var lastError = Errno.noSuchAddressOrDevice
    for address in addresses {
      do {
        let session = try makeSession?()
        let client = try connect(to: address, within: limit, session, poller)
        let deadline = limit.map { MonotonicTime.now + $0 } ?? .never
        try client.secure?.handshake(until: deadline, poller)
        return client
      } catch let failure as SecurityFailure {
        throw TerminalClientError.security(failure, detail: "")
      } catch let error as Errno {
        lastError = error
      }
    }
    throw TerminalClientError.cannotConnect(to: name, lastError)
  }

  private static func connect(
    to address: SocketAddress, within limit: Duration?, _ session: (any SecureSession)?,
    _ poller: borrowing Poller
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
    return ClientSocket(socket: socket, session)
  }

  /// Receives at most `limit` bytes (recv(2)): empty at the end of what the server sends, nil when nothing
  /// has arrived.
  func receive(atMost limit: Int) throws(TerminalClientError) -> [UInt8]? {
    if let secure { return try secure.receive(atMost: limit) }
    do {
      return try Descriptor.receive(descriptor, atMost: limit)
    } catch {
      throw .connectionLost(error)
    }
  }

  /// Gives the kernel as many of the bytes as it takes now (send(2)); how many it took. With TLS, they may
  /// be encrypted and wait: see `hasUnsent`.
  func send(_ bytes: ArraySlice<UInt8>) throws(TerminalClientError) -> Int {
    if let secure { return try secure.send(bytes) }
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(Errno) in try socket.reference.send(buffer) }
    }
    switch result {
    case .success(let count): return count
    case .failure(.resourceTemporarilyUnavailable): return 0
    case .failure(let error): throw .connectionLost(error)
    }
  }

  /// Whether the kernel has not taken all ciphertext yet; `flush` gives it more.
  var hasUnsent: Bool { secure?.hasUnsent ?? false }

  func flush() throws(TerminalClientError) { try secure?.flush() }

  /// Sends FIN, with TLS after close_notify; the server can still send (shutdown(2)).
  /// - Returns: false when the kernel is full: to be called again.
  func shutdownSending() throws(TerminalClientError) -> Bool {
    if let secure, try !secure.end() { return false }
    socket.shutdownSending()
    return true
  }
}
