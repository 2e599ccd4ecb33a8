// A listening socket for test servers that share no code with the library.

import Glibc

package enum TestSocket {
  /// A listening socket on a free port of 127.0.0.1.
  package static func listen() -> (descriptor: Int32, port: Int) {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = bind(fd, generic, length)
        _ = Glibc.listen(fd, 128)
        _ = getsockname(fd, generic, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
    return (fd, port)
  }
}
