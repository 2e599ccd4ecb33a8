// Starting a program with the default action for SIGPIPE; unless told otherwise, in a process group of its
// own and with an empty signal mask. Any thread.

import Glibc
import SystemPackage

package enum Spawn {
  /// Where a standard stream goes.
  package enum Stream {
    case null
    case inherited
    case descriptor(CInt)
  }

  /// What else a program gets of this process.
  package struct Inheritance {
    /// Descriptors, under the same numbers.
    package var descriptors: [CInt] = []
    package var mask = SignalMask()
    /// The process group; otherwise it has one of its own.
    package var group = false

    package init() {}
  }

  /// Starts a program found through PATH.
  /// - Parameter environment: entries, `NAME=VALUE`, which replace those of this process; `NAME` alone
  ///   removes one.
  /// - Returns: the process id, which is also the id of a process group of its own.
  /// - Throws: `Errno` of posix_spawnp(3).
  package static func start(
    _ words: [String], input: Stream = .null, output: Stream, errors: Stream,
    environment entries: [String] = [], inheriting inheritance: Inheritance = Inheritance()
  ) throws(Errno) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in [input, output, errors].enumerated().map({ (CInt($0), $1) }) {
      let mode = number == STDIN_FILENO ? O_RDONLY : O_WRONLY
      switch stream {
      case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", mode, 0)
      case .descriptor(let descriptor):
        posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      case .inherited: break
      }
    }
    // A descriptor that is duplicated onto itself loses its close-on-exec flag, in the child alone.
    for descriptor in inheritance.descriptors {
      posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = inheritance.mask.set
    posix_spawnattr_setsigmask(&attributes, &mask)
    // A program ignores SIGPIPE if its parent does, as this command: see execve(2).
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    let group = inheritance.group ? 0 : POSIX_SPAWN_SETPGROUP
    let flags = group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var variables = environment(replacing: entries)
    variables.append(nil)
    defer { for variable in variables { free(variable) } }
    var pid = pid_t()
    let result = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, &variables)
    guard result == 0 else { throw Errno(rawValue: result) }
    return pid
  }

  /// The environment of this process with the entries in place of those of the same names.
  private static func environment(
    replacing entries: [String]
  ) -> [UnsafeMutablePointer<CChar>?] {
    let names = Set(entries.map(name))
    var all: [UnsafeMutablePointer<CChar>?] = entries.filter { $0.contains("=") }.map { strdup($0) }
    var next = Glibc.environ
    while let text = next.pointee {
      if !names.contains(name(of: String(cString: text))) { all.append(strdup(text)) }
      next += 1
    }
    return all
  }

  private static func name(of entry: String) -> Substring { entry.prefix { $0 != "=" } }
}
