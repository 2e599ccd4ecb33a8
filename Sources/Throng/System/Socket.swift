// A stream socket that we own: closed once, at the latest when its owner goes (tcp(7), unix(7)).
// The calls may be made from any thread; whoever holds the socket decides who may make them.

import CEpollShim
import SystemPackage

struct Socket: ~Copyable {
  private(set) var descriptor: CInt

  init(adopting descriptor: CInt) { self.descriptor = descriptor }
  deinit { if descriptor >= 0 { _ = shim_close(descriptor) } }

  var isOpen: Bool { descriptor >= 0 }

  mutating func close() {
    guard isOpen else { return }
    // close(2) on Linux has released the descriptor even where it reports an error.
    _ = shim_close(descriptor)
    descriptor = -1
  }

  /// The next close sends RST and drops what is unsent.
  mutating func reset() {
    guard isOpen else { return }
    _ = shim_set_reset_on_close(descriptor)
    close()
  }

  /// For calls while the owner keeps the socket open.
  @inline(__always)
  var reference: SocketReference { SocketReference(descriptor: descriptor) }

  /// FIN to the peer. ENOTCONN means that the connection is gone, which the next read reports.
  func shutdownSending() { _ = shim_shutdown(descriptor, CInt(SHUT_WR)) }

  /// Ends reading at what has arrived: a blocked recv wakes up.
  func shutdownReceiving() { _ = shim_shutdown(descriptor, CInt(SHUT_RD)) }

  func shutdownBoth() { _ = shim_shutdown(descriptor, CInt(SHUT_RDWR)) }

  /// From now on closing sends RST instead of FIN.
  func setResetOnClose() { _ = shim_set_reset_on_close(descriptor) }

  /// The error that the kernel has noted for the socket and not reported yet (SO_ERROR).
  func takePendingError() -> Errno? {
    var value: CInt = 0
    guard shim_get_option(descriptor, SOL_SOCKET, SO_ERROR, &value) >= 0, value != 0 else {
      return nil
    }
    return Errno(rawValue: value)
  }

  func set(_ level: CInt, _ option: CInt, _ value: Int) throws(Errno) {
    _ = try check(shim_set_option(descriptor, level, option, CInt(clamping: value)))
  }

  /// How long a blocking recv waits before it fails with EAGAIN; nil: for ever (SO_RCVTIMEO).
  func setReceiveTimeout(_ duration: Duration?) {
    _ = shim_set_timeout(descriptor, SO_RCVTIMEO, duration.map { max(1_000, $0.nanoseconds) } ?? 0)
  }

  /// Where the socket is bound, with the port that the system has chosen (getsockname(2)).
  var boundAddress: SocketAddress {
    get throws(Errno) {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      _ = try check(shim_getsockname(descriptor, &storage, &length))
      guard let address = SocketAddress(decoding: &storage, length: length) else {
        throw .addressFamilyNotSupported
      }
      return address
    }
  }

  var localAddress: SocketAddress? { try? boundAddress }
}
