// Socket addresses for system calls that the tests make themselves.

import Glibc
import LinuxSystem
import Throng

extension SocketAddress {
  package func withKernelForm<Result>(
    _ body: (UnsafePointer<sockaddr_storage>, socklen_t) -> Result
  ) -> Result {
    var address = kernelForm
    return body(&address.storage, address.length)
  }

  /// Decodes what a call such as getsockname(2) wrote; nil when the call failed.
  package static func from(
    _ call: (UnsafeMutablePointer<sockaddr_storage>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) -> SocketAddress? {
    var address = KernelAddress()
    guard call(&address.storage, &address.length) >= 0 else { return nil }
    return SocketAddress(address)
  }
}
