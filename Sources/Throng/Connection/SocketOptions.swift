// The socket options of `ConnectionOptions`, as setsockopt(2) wants them: set on a listening socket,
// whose clients inherit them, and on one that connects.

import Glibc
import LinuxSystem
import SystemPackage

extension Socket {
  func apply(_ options: ConnectionOptions, isTCP: Bool) throws(Errno) {
    if let size = options.sendBufferSize { try set(SOL_SOCKET, SO_SNDBUF, size) }
    if let size = options.receiveBufferSize { try set(SOL_SOCKET, SO_RCVBUF, size) }
    guard isTCP else { return }
    let tcp = CInt(IPPROTO_TCP)
    if let size = options.maximumSegmentSize { try set(tcp, TCP_MAXSEG, size) }
    if options.noDelay { try set(tcp, TCP_NODELAY, 1) }
    if let time = options.keepAlive {
      let seconds = max(1, Int(time.components.seconds))
      try set(SOL_SOCKET, SO_KEEPALIVE, 1)
      try set(tcp, TCP_KEEPIDLE, seconds)
      try set(tcp, TCP_KEEPINTVL, max(1, seconds / 4))
    }
    if let time = options.userTimeout {
      try set(tcp, TCP_USER_TIMEOUT, Int(time.nanoseconds / 1_000_000))
    }
  }
}
