// What system errors mean to a server: those of one client, and those of a shortage.

import Glibc
import LinuxSystem
import SystemPackage

extension Errno {
  /// The process or the system has run out of something; a connection that closes may free it.
  package var isExhaustion: Bool {
    switch self {
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory, .noSpace:
      true
    default: false
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
