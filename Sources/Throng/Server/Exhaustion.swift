// What a process has run out of when it cannot take another client, and what can be done about it.

import LinuxSystem
import SystemPackage

package enum Exhaustion: Equatable, Sendable {
  /// Of the process, or of the system.
  case descriptors, systemDescriptors
  case memory
  /// Threads, or address space for their stacks: pthread_create(3) does not tell which.
  case threads
  /// Registrations with epoll (epoll(7)).
  case registrations

  /// What accept(2), epoll_ctl(2) and the like mean.
  package init(_ error: Errno) {
    self =
      switch error {
      case .tooManyOpenFiles: .descriptors
      case .tooManyOpenFilesInSystem: .systemDescriptors
      case .noSpace: .registrations
      default: .memory
      }
  }

  package var remedy: String {
    switch self {
    case .descriptors: "raise ulimit -n"
    case .systemDescriptors: "raise fs.file-max"
    case .memory: "free memory, or raise the memory limit"
    case .threads:
      """
      raise ulimit -u, kernel.threads-max, the pids limit of the control group or the address space \
      (ulimit -v)
      """
    case .registrations: "raise fs.epoll.max_user_watches"
    }
  }

  /// For the log.
  func explanation(_ error: Errno) -> String {
    let isStart = if case .threads = self { true } else { false }
    let what = isStart ? "cannot start a thread for a client" : "cannot accept"
    return """
      \(what): \(error.sentence) (\(remedy), or lower Configuration.maximumConnections); accepting is paused \
      until a connection closes or a later attempt succeeds
      """
  }
}
