// Questions about addresses that a launcher of servers asks. They block the calling thread shortly.

import Glibc
import LinuxSystem
import SystemPackage

extension SocketAddress {
  /// Whether a server listens there now: connects and hangs up.
  package var answers: Bool {
    guard let socket = try? Socket(family: family, nonBlocking: false) else { return false }
    return (try? socket.connect(to: kernelForm)) == true
  }

  /// A port of 127.0.0.1 that was free a moment ago.
  package static var freeLoopbackPort: Int? {
    guard let socket = try? Socket(family: AF_INET, nonBlocking: false) else { return nil }
    let address = SocketAddress(.ipv4(address: 0x7f00_0001, port: 0))
    guard (try? socket.bind(to: address.kernelForm)) != nil else { return nil }
    return socket.localAddress?.port
  }
}
