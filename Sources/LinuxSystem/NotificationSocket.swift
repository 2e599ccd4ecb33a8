// Sends datagrams to the Unix socket of a service manager (unix(7)). Any thread.

import CEpollShim
import SystemPackage

package struct NotificationSocket: ~Copyable, Sendable {
  private let socket: Socket
  private let address: KernelAddress

  package init(address: KernelAddress) throws(Errno) {
    self.address = address
    let flags = CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    socket = Socket(adopting: try check(shim_datagram_socket(AF_UNIX, flags)))
  }

  /// Does not wait: a service manager that does not read misses the message.
  package func send(_ text: String) throws(Errno) {
    var (text, address) = (text, address)
    let result = text.withUTF8 {
      shim_send_datagram(
        socket.descriptor, $0.baseAddress, $0.count, &address.storage, address.length)
    }
    _ = try check(result)
  }
}
