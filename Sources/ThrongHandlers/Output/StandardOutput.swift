// Standard output of the process, without a buffer: `print` of the C library would keep bytes back in a
// pipe, and would wait for the reader.

import Glibc
import LinuxSystem

package enum StandardOutput {
  package static let isTerminal = isatty(STDOUT_FILENO) == 1
  package static let descriptor = OutputDescriptor(STDOUT_FILENO)
  /// For what may be dropped when it is not read.
  package static let queue = OutputQueue(descriptor)
}
