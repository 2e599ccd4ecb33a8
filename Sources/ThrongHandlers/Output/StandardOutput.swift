// Standard output without a buffer: what is written is out when the call returns, in pipes too.

import Glibc
import Synchronization
import SystemPackage

/// The process's standard output. Any thread; one writer at a time, so that nobody's bytes are mixed
/// into another's. A server ignores SIGPIPE, so a reader that has gone is an `Errno` here.
package enum StandardOutput {
  package static let isTerminal = isatty(STDOUT_FILENO) == 1
  private static let writing = Mutex(())

  /// Returns when the kernel has all the bytes (write(2)).
  package static func write(_ bytes: [UInt8]) throws(Errno) {
    try writing.withLock { (_) throws(Errno) in
      var rest = bytes[...]
      while !rest.isEmpty {
        rest = try rest.dropFirst(writeSome(rest))
      }
    }
  }

  private static func writeSome(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    do {
      return try bytes.withUnsafeBytes { try FileDescriptor.standardOutput.write($0) }
    } catch Errno.resourceTemporarilyUnavailable {
      waitUntilWritable()
      return 0
    } catch let error as Errno {
      throw error
    } catch {
      throw .ioError
    }
  }

  /// Someone has made the terminal or the pipe non-blocking, for all who share it.
  private static func waitUntilWritable() {
    var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    poll(&entry, 1, -1)
  }
}
