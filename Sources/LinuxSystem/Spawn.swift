// Starting a program in a process group of its own, with an empty signal mask and
// the default action for SIGPIPE. Any thread.

import Glibc
import SystemPackage

package enum Spawn {
  /// Where a standard stream goes.
  package enum Stream {
    case null
    case inherited
    case descriptor(CInt)
  }

  /// Starts a program found through PATH; standard input is empty.
  /// - Parameter environment: an entry added to the environment, `NAME=VALUE`; empty: none.
  /// - Returns: the process id, which is also the id of the process group.
  /// - Throws: `Errno` of posix_spawnp(3).
  package static func start(
    _ words: [String], output: Stream, errors: Stream, environment entry: String = ""
  ) throws(Errno) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for (stream, number) in [(output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
      switch stream {
      case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
      case .descriptor(let descriptor):
        posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      case .inherited: break
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A program ignores SIGPIPE if its parent does, as this command: see execve(2).
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var variables = Self.environment
    if !entry.isEmpty { variables.append(strdup(entry)) }
    variables.append(nil)
    defer { for variable in variables { free(variable) } }
    var pid = pid_t()
    let result = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, &variables)
    guard result == 0 else { throw Errno(rawValue: result) }
    return pid
  }

  private static var environment: [UnsafeMutablePointer<CChar>?] {
    var entries: [UnsafeMutablePointer<CChar>?] = []
    var entry = Glibc.environ
    while let text = entry.pointee {
      entries.append(strdup(text))
      entry += 1
    }
    return entries
  }
}
