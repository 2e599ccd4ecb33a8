// Making and naming stream sockets: socket(2), bind(2), listen(2), connect(2), accept4(2). Any thread.

import CEpollShim
import SystemPackage

/// A socket address in the kernel's form (sockaddr(3type)).
package struct KernelAddress {
  package var storage = sockaddr_storage()
  package var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  package init() {}

  /// The numeric text of an IPv6 address (inet_ntop(3)).
  package static func text(of address: inout in6_addr) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = shim_ipv6_text(&address, &text, socklen_t(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
  }
}

extension Socket {
  /// A stream socket that is closed on exec.
  package init(family: CInt, nonBlocking: Bool) throws(Errno) {
    self.init(
      adopting: try check(
        shim_socket(family, nonBlocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)))
  }

  package func bind(to address: borrowing KernelAddress) throws(Errno) {
    var storage = address.storage
    _ = try check(shim_bind(descriptor, &storage, address.length))
  }

  /// Has the source port chosen at connect(2), where it need be unique only for the pair of addresses
  /// (IP_BIND_ADDRESS_NO_PORT, ip(7)).
  package func chooseSourcePortAtConnect() throws(Errno) {
    try set(CInt(IPPROTO_IP), SHIM_IP_BIND_ADDRESS_NO_PORT, 1)
  }

  /// - Returns: whether the connection is complete; false while it is under way, which on a blocking
  ///   socket only a signal causes. The connect continues after EINTR (connect(2)).
  package func connect(to address: borrowing KernelAddress) throws(Errno) -> Bool {
    var storage = address.storage
    let result = shim_connect(descriptor, &storage, address.length)
    if result == -EINPROGRESS || result == -EINTR { return false }
    _ = try check(result)
    return true
  }

  /// On a listening socket this changes the backlog alone.
  package func listen(backlog: Int) throws(Errno) {
    _ = try check(shim_listen(descriptor, CInt(clamping: backlog)))
  }

  /// The next connection of the accept queue; its socket inherits the options of this one.
  package func accept(
    nonBlocking: Bool, peer: inout KernelAddress
  ) throws(Errno) -> Socket {
    let flags = nonBlocking ? CInt(SOCK_NONBLOCK.rawValue) : 0
    let descriptor = try retrying { () -> CInt in
      peer.length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      return shim_accept(self.descriptor, &peer.storage, &peer.length, flags)
    }
    return Socket(adopting: descriptor)
  }

  /// Where the socket is bound, with the port that the system has chosen (getsockname(2)).
  package func boundAddress() throws(Errno) -> KernelAddress { try reference.boundAddress() }

  /// Connections in the accept queue (TCP_INFO, tcp(7)); nil where the kernel does not say: on Unix
  /// sockets.
  package var acceptQueueLength: Int? {
    let length = shim_accept_queue_length(descriptor)
    return length >= 0 ? Int(length) : nil
  }
}

extension SocketReference {
  /// Where the socket is bound, with the port that the system has chosen (getsockname(2)).
  package func boundAddress() throws(Errno) -> KernelAddress {
    var address = KernelAddress()
    _ = try check(shim_getsockname(descriptor, &address.storage, &address.length))
    return address
  }
}
