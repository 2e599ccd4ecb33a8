// Calls on any descriptor: open(2), read(2), write(2), close(2), pipe(2). Any thread.

import CEpollShim
import SystemPackage

package enum Descriptor {
  package static func open(_ path: String, _ flags: CInt) throws(Errno) -> CInt {
    try check(shim_open(path, flags))
  }

  package static func close(_ descriptor: CInt) { _ = shim_close(descriptor) }

  /// Another descriptor of the same open file, closed on exec (fcntl(2)).
  package static func duplicate(_ descriptor: CInt) throws(Errno) -> CInt {
    try check(shim_duplicate(descriptor))
  }

  /// For all descriptors of the same open file (FIONBIO, ioctl(2)).
  package static func setNonBlocking(_ descriptor: CInt, _ isNonBlocking: Bool) {
    _ = shim_set_nonblocking(descriptor, isNonBlocking ? 1 : 0)
  }

  /// Reads at most `limit` bytes.
  /// - Returns: empty at the end; nil when there is nothing to read now, or a signal has come first.
  package static func read(_ descriptor: CInt, atMost limit: Int) throws(Errno) -> [UInt8]? {
    try bytes(atMost: limit) { shim_read(descriptor, $0, limit) }
  }

  /// The same for a socket (recv(2)).
  package static func receive(_ descriptor: CInt, atMost limit: Int) throws(Errno) -> [UInt8]? {
    try bytes(atMost: limit) { shim_recv(descriptor, $0, limit, 0) }
  }

  private static func bytes(
    atMost limit: Int, _ call: (UnsafeMutableRawPointer?) -> Int
  ) throws(Errno) -> [UInt8]? {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      result = call(buffer.baseAddress)
      count = max(0, result)
    }
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return nil }
    _ = try check(result)
    return bytes
  }

  /// Writes once.
  /// - Returns: how many bytes were taken; nil when none are taken now, or a signal has come first.
  package static func write(
    _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer
  ) throws(Errno) -> Int? {
    let result = shim_write(descriptor, bytes.baseAddress, bytes.count)
    if result == -EAGAIN || result == -EINTR { return nil }
    return try check(result)
  }

  /// Writes to standard error as it is, without a buffer.
  package static func writeToStandardError(_ text: String) { write(2, text) }

  /// Writes once; what the descriptor does not take is dropped.
  package static func write(_ descriptor: CInt, _ text: String) {
    var text = text
    text.withUTF8 { _ = shim_write(descriptor, $0.baseAddress, $0.count) }
  }

  /// The kind of file, S_IFMT of its mode (inode(7)); 0 when the descriptor is closed.
  package static func fileType(_ descriptor: CInt) -> mode_t { shim_file_type(descriptor) }

  /// The width of the terminal in columns; nil when it does not say (ioctl_tty(2)).
  package static func terminalColumns(_ descriptor: CInt) -> Int? {
    let columns = shim_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : nil
  }
}

/// A pipe whose ends are closed on exec; the reading end is non-blocking.
package struct Pipe: ~Copyable {
  package private(set) var readEnd: CInt
  package private(set) var writeEnd: CInt

  package init() throws(Errno) {
    var ends: [CInt] = [0, 0]
    _ = try check(shim_pipe(&ends))
    _ = shim_set_nonblocking(ends[0], 1)
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    if readEnd >= 0 { _ = shim_close(readEnd) }
    if writeEnd >= 0 { _ = shim_close(writeEnd) }
  }

  package mutating func closeReadEnd() {
    if readEnd >= 0 { _ = shim_close(readEnd) }
    readEnd = -1
  }

  package mutating func closeWriteEnd() {
    if writeEnd >= 0 { _ = shim_close(writeEnd) }
    writeEnd = -1
  }
}

/// A descriptor that becomes readable when a process has ended (pidfd_open(2)).
package struct ProcessDescriptor: ~Copyable {
  package let descriptor: CInt

  /// Nil before Linux 5.3.
  package init?(pid: pid_t) {
    let descriptor = shim_pidfd_open(pid)
    guard descriptor >= 0 else { return nil }
    self.descriptor = descriptor
  }

  deinit { _ = shim_close(descriptor) }
}

/// How a child process has ended (waitpid(2)).
package enum ProcessEnd: Equatable, Sendable {
  case status(CInt)
  case signal(CInt)

  /// Forgets a child that has ended; nil while it runs. A child that another part of the process has
  /// forgotten counts as one that has ended well.
  package static func reap(_ pid: pid_t) -> ProcessEnd? {
    let status = shim_reap(pid)
    if status == -EAGAIN || status == -EINTR { return nil }
    if status < 0 { return .status(0) }
    let signal = status & 0x7f
    return signal == 0 ? .status(status >> 8 & 0xff) : .signal(signal)
  }
}
