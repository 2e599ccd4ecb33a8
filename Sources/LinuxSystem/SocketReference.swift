// A borrowed socket: its owner keeps it open during each of these calls.

import CEpollShim
import SystemPackage

@usableFromInline
package struct SocketReference: Sendable {
  @usableFromInline
  package let descriptor: CInt

  @inlinable
  package init(descriptor: CInt) { self.descriptor = descriptor }

  /// recv(2): 0 at the peer's FIN; EAGAIN when there is nothing to read and the call may not wait.
  @inlinable @inline(__always)
  package func receive(
    into buffer: UnsafeMutableRawPointer, count: Int, waiting: Bool = true
  ) throws(Errno) -> Int {
    try retrying { shim_recv(descriptor, buffer, count, waiting ? 0 : CInt(MSG_DONTWAIT)) }
  }

  /// A copy of what has arrived, which stays to be received (MSG_PEEK, recv(2)).
  /// - Returns: empty at the peer's FIN; nil when nothing has arrived.
  package func peek(atMost limit: Int) throws(Errno) -> [UInt8]? {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      repeat {
        result = shim_recv(
          descriptor, buffer.baseAddress, limit, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
      } while result == -Int(EINTR)
      count = max(0, result)
    }
    if result == -Int(EAGAIN) { return nil }
    _ = try check(result)
    return bytes
  }

  /// Receives and forgets bytes that have arrived already.
  /// - Returns: whether there were that many.
  package func discard(_ count: Int) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: max(1, count), alignment: 1) { buffer in
      guard let start = buffer.baseAddress, count > 0 else { return count == 0 }
      return (try? receive(into: start, count: count, waiting: false)) == count
    }
  }

  /// send(2) without SIGPIPE: how many bytes the kernel took.
  @inlinable @inline(__always)
  package func send(_ bytes: UnsafeRawBufferPointer, waiting: Bool = true) throws(Errno) -> Int {
    let flags = waiting ? 0 : CInt(MSG_DONTWAIT)
    return try retrying { shim_send(descriptor, bytes.baseAddress, bytes.count, flags) }
  }

  /// The same for several buffers at once (sendmsg(2)).
  package func send(
    _ vector: UnsafeMutableBufferPointer<iovec>, waiting: Bool
  ) throws(Errno) -> Int {
    try retrying {
      shim_send_vector(
        descriptor, vector.baseAddress, vector.count, waiting ? 0 : CInt(MSG_DONTWAIT))
    }
  }

  /// Whether a receive would return at once: with bytes, the peer's FIN or an error (poll(2)).
  package var hasInput: Bool { shim_poll_readable(descriptor, -1, 0) > 0 }

  /// Bytes that have arrived and wait to be read.
  package var readableCount: Int { max(0, Int(shim_readable_count(descriptor))) }

  /// Bytes that have arrived on a TCP connection in its life, read or not, and its FIN as one more
  /// (TCP_INFO, tcp(7)); nil where the kernel does not count them: on Unix sockets.
  package var arrivedCount: Int64? {
    let count = shim_tcp_bytes_received(descriptor)
    return count >= 0 ? count : nil
  }

  /// Waits until there is something to read (poll(2)).
  /// - Returns: false when the deadline has come.
  package func waitUntilReadable(deadline: MonotonicTime) throws(Errno) -> Bool {
    try retrying { shim_poll_readable(descriptor, -1, deadline.pollTimeout(from: .now)) } != 0
  }

  /// Bytes sent that the peer's kernel has not acknowledged yet (SIOCOUTQ, tcp(7)); over a Unix socket,
  /// the memory of what the peer has not received.
  package var unacknowledgedCount: CInt { shim_unacknowledged_count(descriptor) }

  package var hasUnacknowledged: Bool { unacknowledgedCount > 0 }

  /// Waits until everything is acknowledged, the peer has reset, the time is over, or it is pointless.
  /// There is no event for that, hence the pauses.
  package func waitUntilAcknowledged(atMost limit: Duration, unless isPointless: () -> Bool) {
    let deadline = MonotonicTime.now + limit
    // After a reset the count stays as it was.
    while hasUnacknowledged, shim_has_failed(descriptor) == 0, MonotonicTime.now < deadline,
      !isPointless()
    {
      _ = shim_poll_readable(-1, -1, 5)
    }
  }
}
