// A file in memory for other programs of the same user, which open it by its path in /proc: it is never on a
// disk, and is gone with this process. Used by one thread.

import CEpollShim
import Glibc
import SystemPackage

package final class MemoryFile {
  private let descriptor: CInt

  /// - Throws: `Errno` of memfd_create(2) or write(2).
  package init(_ name: String, content: String) throws(Errno) {
    descriptor = try check(shim_memory_file(name))
    // Programs refuse or report private keys that others may read.
    _ = try check(shim_set_mode(descriptor, 0o600))
    var content = content
    let written = content.withUTF8 { shim_write(descriptor, $0.baseAddress, $0.count) }
    guard try check(written) == content.utf8.count else { throw .ioError }
  }

  deinit { _ = shim_close(descriptor) }

  /// Valid while this process runs and the value exists.
  package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// The file stays when this process executes another program.
  package func keepOnExec() { _ = shim_keep_on_exec(descriptor) }
}
