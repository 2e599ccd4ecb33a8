// The process that takes over from this one: it gets some of this process's descriptors under the same
// numbers. Any thread.

import CEpollShim
import Glibc
import SystemPackage

package struct Successor: ~Copyable {
  package let pid: pid_t
  /// Readable when the process has ended; -1 before Linux 5.3, or when descriptors are short.
  private let descriptor: CInt

  /// - Parameters:
  ///   - words: the program, found through PATH unless it has a slash, and its arguments.
  ///   - environment: entries as ``Spawn`` takes them.
  package init(
    _ words: [String], environment: [String], inheriting inheritance: Spawn.Inheritance
  ) throws(Errno) {
    guard !words.isEmpty else { throw .invalidArgument }
    pid = try Spawn.start(
      words, input: .inherited, output: .inherited, errors: .inherited, environment: environment,
      inheriting: inheritance)
    descriptor = max(-1, shim_pidfd_open(pid))
  }

  deinit { if descriptor >= 0 { _ = shim_close(descriptor) } }

  /// Ends the process. One that does not end within a second is left.
  package func kill() {
    Glibc.kill(pid, SIGKILL)
    _ = end(within: 1000)
  }

  /// How the process has ended; nil: it still runs after that many milliseconds.
  package func end(within milliseconds: CInt) -> ProcessEnd? {
    _ = try? Poll.readable(descriptor, milliseconds: milliseconds)
    return ProcessEnd.reap(pid)
  }
}
