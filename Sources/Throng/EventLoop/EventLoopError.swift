// Why an event loop cannot go on.

import LinuxSystem
import SystemPackage

/// A system call that an event loop cannot do without has failed.
public struct EventLoopError: Error, Equatable, Sendable {
  /// The name of the call: epoll_wait, epoll_pwait2 or poll.
  public let call: String
  /// The system's answer.
  public let errno: Errno

  init(_ error: SystemCallError) {
    call = error.call
    errno = error.errno
  }

  init(call: String, errno: Errno) {
    self.call = call
    self.errno = errno
  }
}

extension EventLoopError: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    "\(call) failed: \(errno.sentence)"
  }
}
