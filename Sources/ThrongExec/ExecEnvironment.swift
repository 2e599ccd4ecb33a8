// What a program is told about its client: the variables of ucspi-tcp (tcp-environ(5)), and those that
// ncat(1) and socat(1) set.

import Throng

enum ExecEnvironment {
  /// Entries for the environment, `NAME=VALUE`.
  /// - Parameters:
  ///   - remote: the client's address.
  ///   - local: the address that it has connected to; nil when it is not known.
  static func entries(remote: SocketAddress, local: SocketAddress?) -> [String] {
    guard let port = remote.port else { return ["PROTO=UNIX"] }
    var entries = ["PROTO=TCP", "NCAT_PROTO=TCP"]
    for name in ["TCPREMOTEIP", "NCAT_REMOTE_ADDR", "SOCAT_PEERADDR"] {
      entries.append("\(name)=\(remote.host)")
    }
    for name in ["TCPREMOTEPORT", "NCAT_REMOTE_PORT", "SOCAT_PEERPORT"] {
      entries.append("\(name)=\(port)")
    }
    guard let local, let localPort = local.port else { return entries }
    for name in ["TCPLOCALIP", "NCAT_LOCAL_ADDR", "SOCAT_SOCKADDR"] {
      entries.append("\(name)=\(local.host)")
    }
    for name in ["TCPLOCALPORT", "NCAT_LOCAL_PORT", "SOCAT_SOCKPORT"] {
      entries.append("\(name)=\(localPort)")
    }
    return entries
  }
}
