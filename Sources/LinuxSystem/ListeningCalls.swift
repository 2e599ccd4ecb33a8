// Calls on sockets that listen, of which another process may have descriptors as well. Any thread.

import CEpollShim
import SystemPackage

extension Socket {
  /// Whether the descriptor is a stream socket that listens (SO_ACCEPTCONN, socket(7)).
  package static func isListening(_ descriptor: CInt) -> Bool {
    var (listens, type): (CInt, CInt) = (0, 0)
    guard shim_get_option(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens) >= 0,
      shim_get_option(descriptor, SOL_SOCKET, SO_TYPE, &type) >= 0
    else { return false }
    return listens != 0 && type == CInt(SOCK_STREAM.rawValue)
  }

  /// Another descriptor of the same socket, closed on exec.
  package func duplicate() throws(Errno) -> Socket {
    Socket(adopting: try check(shim_duplicate(descriptor)))
  }

  package func setNonBlocking() { _ = shim_set_nonblocking(descriptor, 1) }

  /// On a listening TCP socket: no client can begin a handshake any more, and those that have begun can
  /// complete it. A client that is turned away tries again after a second, as after a lost packet.
  /// - Returns: whether the kernel does so.
  package func dropNewHandshakes() -> Bool { shim_drop_new_handshakes(descriptor) >= 0 }
}

extension Socket {
  /// How long a client that was just accepted has waited in the accept queue, to within a few milliseconds,
  /// at most since it has sent something (TCP_INFO, tcp(7)); nil where the kernel does not say: on Unix
  /// sockets.
  package var acceptDelay: Duration? {
    let age = shim_acknowledgement_age(descriptor)
    return age < 0 ? nil : .milliseconds(age)
  }
}

extension Descriptor {
  /// Keeps the descriptor from programs that this process starts.
  package static func setCloseOnExec(_ descriptor: CInt) -> Bool {
    shim_close_on_exec(descriptor) >= 0
  }
}
