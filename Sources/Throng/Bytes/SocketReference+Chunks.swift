// Sending what chunks hold: several slices in one system call (sendmsg(2)).

import Glibc
import LinuxSystem
import SystemPackage

extension SocketReference {
  /// The same for several buffers at once (sendmsg(2)).
  func send(
    _ slices: some RandomAccessCollection<ChunkSlice>, waiting: Bool = true
  ) throws(Errno) -> Int {
    if slices.count == 1, let only = slices.first { return try send(only.buffer, waiting: waiting) }
    return try withUnsafeTemporaryAllocation(of: iovec.self, capacity: slices.count) {
      (vector: UnsafeMutableBufferPointer<iovec>) throws(Errno) -> Int in
      for (index, slice) in slices.enumerated() {
        vector[index] = iovec(slice.buffer)
      }
      return try send(vector, waiting: waiting)
    }
  }

  /// The same for a buffer, and what is sent before it.
  @inline(__always)
  func send(
    _ buffer: UnsafeRawBufferPointer, after prefix: Bytes?, waiting: Bool = true
  ) throws(Errno) -> Int {
    guard let prefix else { return try send(buffer, waiting: waiting) }
    return try send(prefix, buffer, waiting: waiting)
  }

  private func send(
    _ prefix: Bytes, _ buffer: UnsafeRawBufferPointer, waiting: Bool
  ) throws(Errno) -> Int {
    try prefix.withUnsafeBytes { (prefix) throws(Errno) in
      try withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) {
        (vector: UnsafeMutableBufferPointer<iovec>) throws(Errno) -> Int in
        vector[0] = iovec(prefix)
        vector[1] = iovec(buffer)
        return try send(vector, waiting: waiting)
      }
    }
  }
}

extension iovec {
  fileprivate init(_ bytes: UnsafeRawBufferPointer) {
    self.init(
      iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
  }
}
