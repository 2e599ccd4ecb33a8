// Questions about addresses that a launcher of servers asks. They block the calling thread shortly.

import CEpollShim
import SystemPackage

extension SocketAddress {
  /// Whether somebody listens there now: connects and hangs up.
  package var answers: Bool {
    let fd = shim_socket(family, 0)
    guard fd >= 0 else { return false }
    let socket = Socket(adopting: fd)
    return withKernelForm { shim_connect(socket.descriptor, $0, $1) } >= 0
  }

  /// A port of 127.0.0.1 that was free a moment ago.
  package static var freeLoopbackPort: Int? {
    let fd = shim_socket(AF_INET, 0)
    guard fd >= 0 else { return nil }
    let socket = Socket(adopting: fd)
    let address = SocketAddress(.ipv4(address: 0x7f00_0001, port: 0))
    guard address.withKernelForm({ shim_bind(socket.descriptor, $0, $1) }) >= 0 else { return nil }
    return socket.localAddress?.port
  }
}
