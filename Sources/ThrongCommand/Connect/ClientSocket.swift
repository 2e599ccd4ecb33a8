// A client's non-blocking socket: connects with a deadline, closes when its owner goes.

import CEpollShim
import Glibc
import SystemPackage
import Throng

/// A connected stream socket. Used by one thread.
struct ClientSocket: ~Copyable {
  let descriptor: CInt

  private init(adopting descriptor: CInt) { self.descriptor = descriptor }
  deinit { _ = shim_close(descriptor) }

  /// Connects to the first of a server's addresses that answers.
  /// - Parameter name: what the server is called in errors.
  /// - Parameter limit: how long each address may take; nil: as long as the system tries.
  /// - Throws: ``Failure`` that says why the last address did not answer; `Interruption.Signalled`.
  static func connect(
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
    throw Failure("cannot connect to \(name): \(lastError.sentence)\(remedy(for: lastError))")
  }

  private static func connect(
    to address: SocketAddress, within limit: Duration?, _ interruption: borrowing Interruption
  ) throws -> ClientSocket {
    let descriptor = try check(
      address.withKernelForm { storage, _ in
        shim_socket(CInt(storage.pointee.ss_family), CInt(SOCK_NONBLOCK.rawValue))
      })
    let socket = ClientSocket(adopting: descriptor)
    let result = address.withKernelForm { shim_connect(descriptor, $0, $1) }
    if result == -EINPROGRESS || result == -EINTR {
      try socket.finishConnecting(within: limit, interruption)
    } else {
      _ = try check(result)
    }
    _ = shim_set_option(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    return socket
  }

  private func finishConnecting(
    within limit: Duration?, _ interruption: borrowing Interruption
  ) throws {
    let deadline = limit.map { ContinuousClock.now + $0 }
    guard try interruption.wait(for: descriptor, POLLOUT, until: deadline) else {
      throw Errno.timedOut
    }
    var error: CInt = 0
    _ = try check(shim_get_option(descriptor, SOL_SOCKET, SO_ERROR, &error))
    _ = try check(-error)
  }

  private static func remedy(for error: Errno) -> String {
    switch error {
    case .connectionRefused: " (is the server running? check the host and the port)"
    case .noSuchFileOrDirectory: " (is the server running? check --unix)"
    case .permissionDenied: " (you need the right to write to the socket: see --unix-mode of serve)"
    case .timedOut: " (is the host right, and does a firewall let you through? see --timeout)"
    case .networkUnreachable, .noRouteToHost: " (check the host and this machine's network)"
    default: ""
    }
  }

  // MARK: Talking

  /// Takes what has arrived (recv(2)); empty at the server's FIN, nil when nothing has arrived.
  func receive(atMost limit: Int) throws(Errno) -> [UInt8]? {
    var failure: Errno?
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let result = shim_recv(descriptor, buffer.baseAddress, limit, 0)
      count = max(0, result)
      if result < 0 { failure = Errno(rawValue: CInt(-result)) }
    }
    switch failure {
    case nil: return bytes
    case .resourceTemporarilyUnavailable?, .interrupted?: return nil
    case let error?: throw error
    }
  }

  /// The same, with an error as it is told to a person.
  func receiveOrFail(atMost limit: Int) throws(Failure) -> [UInt8]? {
    do {
      return try receive(atMost: limit)
    } catch {
      throw Failure("lost the connection: \(error.sentence)")
    }
  }

  /// Gives the kernel as many of the bytes as it takes now (send(2)); how many it took.
  func send(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    let result = bytes.withUnsafeBytes { shim_send(descriptor, $0.baseAddress, $0.count, 0) }
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return 0 }
    return try check(result)
  }

  /// Sends FIN; the server can still send (shutdown(2)).
  func closeOutbound() { _ = shim_shutdown(descriptor, CInt(SHUT_WR)) }
}

/// The result of a call of the shim, or its error.
private func check<Result: SignedInteger & FixedWidthInteger>(
  _ result: Result
) throws(Errno) -> Result {
  guard result < 0 else { return result }
  throw Errno(rawValue: CInt(-result))
}

extension Errno {
  /// The system's words for the error, as they stand within a sentence.
  var sentence: String {
    let text = "\(self)"
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
