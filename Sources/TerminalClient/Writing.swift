// A client's data on standard output: nothing is dropped, and a reader that does not read blocks neither
// the signals nor anything else.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

extension Interruption {
  /// Gives the kernel as many of the bytes as it takes now.
  /// - Returns: nil when there is no room.
  /// - Throws: ``TerminalClientError``; ``Signalled`` with SIGPIPE when the reader has gone.
  func writeSome(
    _ bytes: ArraySlice<UInt8>, to output: OutputDescriptor
  ) throws -> Int? {
    do throws(Errno) {
      guard output.mayBlock else { return try output.write(bytes) }
      return try whileUnwatched { () throws(Errno) in try output.write(bytes) }
    } catch .brokenPipe {
      // As if SIGPIPE had ended the process, as in `throng connect | head -n 1`.
      throw Signalled(signal: SIGPIPE)
    } catch {
      throw TerminalClientError("cannot write to standard output: \(error.sentence)")
    }
  }

  /// Writes all of the bytes, waiting for room.
  /// - Throws: the same; ``Signalled`` when a signal comes first.
  func write(_ bytes: ArraySlice<UInt8>, to output: OutputDescriptor) throws {
    var rest = bytes
    while !rest.isEmpty {
      if let count = try writeSome(rest, to: output) {
        rest = rest.dropFirst(count)
      } else {
        _ = try wait(for: output.descriptor, POLLOUT)
      }
    }
  }
}
