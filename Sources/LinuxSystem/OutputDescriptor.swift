// Writes to a standard descriptor of the process without waiting for its reader. O_NONBLOCK belongs to the
// open file description, which other processes share (open(2)): a pipe or terminal is therefore opened
// again, for a description of our own.

import CEpollShim
import Glibc
import SystemPackage

/// Standard output or standard error. Any thread. Stays open until the process ends.
package struct OutputDescriptor: Sendable {
  /// What to wait on until there is room (poll(2)).
  package let descriptor: CInt
  /// A write can block: the pipe or terminal could not be opened again, for example because it belongs
  /// to another user.
  package let mayBlock: Bool
  private let isSocket: Bool

  /// - Parameter standard: the descriptor; it is not closed.
  package init(_ standard: CInt) {
    let type = shim_file_type(standard)
    let canFill = type == S_IFIFO || type == S_IFCHR && isatty(standard) == 1
    let own =
      canFill
      ? shim_open("/proc/self/fd/\(standard)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1
    isSocket = type == S_IFSOCK
    descriptor = own >= 0 ? own : standard
    mayBlock = canFill && own < 0
  }

  /// As if the pipe or terminal could not be opened again, for tests.
  package init(blocking descriptor: CInt) {
    self.descriptor = descriptor
    mayBlock = true
    isSocket = false
  }

  /// Gives the kernel as many of the bytes as it takes now (write(2)).
  /// - Returns: how many it took; nil when there is no room.
  package func write(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int? {
    while true {
      let result = bytes.withUnsafeBytes {
        isSocket
          ? shim_send(descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
          : shim_write(descriptor, $0.baseAddress, $0.count)
      }
      if result >= 0 { return result }
      if result == -Int(EAGAIN) { return nil }
      if result != -Int(EINTR) { throw Errno(rawValue: CInt(-result)) }
    }
  }
}
