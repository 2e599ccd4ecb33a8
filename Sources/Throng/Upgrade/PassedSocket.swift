// A listening socket that this process was started with. Any thread; listeners work on duplicates of its
// descriptor, which share the accept queue.

import Glibc
import LinuxSystem

final class PassedSocket: Sendable {
  enum Origin: Equatable, Sendable {
    /// A service manager keeps the socket open: this process does not change its queue, and clients
    /// that wait there at the end are served by the next process.
    case serviceManager
    /// The process that this one takes over from closes it.
    case predecessor
  }

  let socket: Socket
  let address: SocketAddress
  /// As a service manager has named it; empty: a socket that the predecessor has opened.
  let name: String
  /// Of the server beside the main one: where both listen on a port that the kernel has chosen, the address
  /// does not say whose socket it is.
  let isCompanions: Bool

  var origin: Origin { name.isEmpty ? .predecessor : .serviceManager }

  /// A socket of this process, to be passed on.
  init(_ socket: consuming Socket, _ address: SocketAddress, name: String, isCompanions: Bool) {
    self.socket = socket
    self.address = address
    self.name = name
    self.isCompanions = isCompanions
  }

  /// Takes the descriptor, and keeps it from programs that this process starts.
  /// - Returns: nil, and leaves the descriptor alone, when it is not a stream socket that listens.
  init?(_ passed: StartEnvironment.Passed) {
    guard Socket.isListening(passed.descriptor) else { return nil }
    let socket = Socket(adopting: passed.descriptor)
    guard let form = try? socket.boundAddress(), let address = SocketAddress(form) else {
      return nil
    }
    _ = Descriptor.setCloseOnExec(passed.descriptor)
    self.socket = socket
    self.address = address
    name = passed.name
    isCompanions = passed.isCompanions
  }
}
