// Why an event loop cannot go on.

import SystemPackage

/// A system call that an event loop cannot do without has failed.
public struct EventLoopError: Error, Equatable, Sendable {
  /// The name of the call: epoll_wait, epoll_pwait2 or poll.
  public let call: String
  /// The system's answer.
  public let errno: Errno
}

extension EventLoopError: CustomStringConvertible {
  public var description: String {
    let reason = "\(errno)"
    return "\(call) failed: \(reason.prefix(1).lowercased())\(reason.dropFirst())"
  }
}
