// A stream socket that we own: closed once, at the latest when its owner goes (tcp(7), unix(7)).
// Calls from any thread, as far as the owner of the socket allows.

import CEpollShim
import SystemPackage

@usableFromInline
package struct Socket: ~Copyable, Sendable {
  @usableFromInline
  package private(set) var descriptor: CInt

  package init(adopting descriptor: CInt) { self.descriptor = descriptor }
  deinit { if descriptor >= 0 { _ = shim_close(descriptor) } }

  @inlinable
  package var isOpen: Bool { descriptor >= 0 }

  package mutating func close() {
    guard isOpen else { return }
    // close(2) on Linux has released the descriptor even where it reports an error.
    _ = shim_close(descriptor)
    descriptor = -1
  }

  /// The next close sends RST and drops what is unsent.
  package mutating func reset() {
    guard isOpen else { return }
    _ = shim_set_reset_on_close(descriptor)
    close()
  }

  /// For calls while the owner keeps the socket open.
  @inlinable @inline(__always)
  package var reference: SocketReference { SocketReference(descriptor: descriptor) }

  /// FIN to the peer. ENOTCONN means that the connection is gone, which the next read reports.
  package func shutdownSending() { _ = shim_shutdown(descriptor, CInt(SHUT_WR)) }

  /// Ends reading at what has arrived: a blocked recv wakes up.
  package func shutdownReceiving() { _ = shim_shutdown(descriptor, CInt(SHUT_RD)) }

  package func shutdownBoth() { _ = shim_shutdown(descriptor, CInt(SHUT_RDWR)) }

  /// From now on closing sends RST instead of FIN.
  package func setResetOnClose() { _ = shim_set_reset_on_close(descriptor) }

  /// The error that the kernel has noted for the socket and not reported yet (SO_ERROR).
  package func takePendingError() -> Errno? {
    var value: CInt = 0
    guard shim_get_option(descriptor, SOL_SOCKET, SO_ERROR, &value) >= 0, value != 0 else {
      return nil
    }
    return Errno(rawValue: value)
  }

  package func set(_ level: CInt, _ option: CInt, _ value: Int) throws(Errno) {
    _ = try check(shim_set_option(descriptor, level, option, CInt(clamping: value)))
  }

  /// How long a blocking recv waits before it fails with EAGAIN; nil: for ever (SO_RCVTIMEO).
  package func setReceiveTimeout(_ duration: Duration?) {
    _ = shim_set_timeout(descriptor, SO_RCVTIMEO, duration.map { max(1_000, $0.nanoseconds) } ?? 0)
  }
}
