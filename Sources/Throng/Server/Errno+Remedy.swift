// What system errors mean to a server: which ones pass by themselves, and what helps against the others.

import CEpollShim
import SystemPackage

extension Errno {
  /// The error's text as the part of a sentence.
  var lowercased: String {
    let text = "\(self)"
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  /// The process or the system has run out of something; a connection that closes may free it.
  var isExhaustion: Bool {
    switch self {
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory, .noSpace,
      .resourceTemporarilyUnavailable:
      true
    default: false
    }
  }

  /// What helps when the process or the system has run out of something.
  var remedy: String {
    switch self {
    case .tooManyOpenFiles: "raise the limit of open descriptors, ulimit -n"
    case .tooManyOpenFilesInSystem: "raise sysctl fs.file-max"
    // epoll_ctl(2): each descriptor that is watched counts.
    case .noSpace: "raise sysctl fs.epoll.max_user_watches"
    // pthread_create(3).
    case .resourceTemporarilyUnavailable:
      "no more threads: raise ulimit -u or the pids limit of the control group"
    default: "give the process more memory"
    }
  }

  /// accept(2) reports errors of the network under the client that it would have returned, and EPERM
  /// where a firewall forbids that client: the next client may be accepted.
  var concernsOneClient: Bool {
    [
      .connectionAbort, .protocolError, .networkDown, .protocolNotAvailable, .hostIsDown,
      Errno(rawValue: ENONET), .noRouteToHost, .notSupportedOnSocket,
      .networkUnreachable, .timedOut, .notPermitted,
    ].contains(self)
  }
}
