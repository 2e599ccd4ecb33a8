// What a program is told about its client: the variables of ucspi-tcp (tcp-environ(5)), those that ncat(1)
// and socat(1) set, and of TLS those that ucspi-ssl and Apache's mod_ssl set.

import Throng

enum ExecEnvironment {
  /// Entries for the environment: `NAME=VALUE`, and `NAME` for a variable that is not to be set.
  /// - Parameters:
  ///   - remote: the client's address.
  ///   - local: the address that it has connected to; nil when it is not known.
  ///   - security: nil without TLS.
  static func entries(
    remote: SocketAddress, local: SocketAddress?, security: SecurityInfo?
  ) -> [String] {
    addresses(remote, local) + variables(of: security)
  }

  private static func addresses(_ remote: SocketAddress, _ local: SocketAddress?) -> [String] {
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
  private static func variables(of security: SecurityInfo?) -> [String] {
    let version = security.map { $0.protocolVersion == .tls12 ? "TLSv1.2" : "TLSv1.3" }
    let variables = [
      ("SSL_PROTOCOL", version), ("SSL_CIPHER", security?.cipherSuite),
      ("SSL_TLS_SNI", security?.serverName.flatMap(hostName)),
      ("SSL_CLIENT_S_DN", security?.peer?.subject),
    ]
    return variables.map { name, value in value.map { "\(name)=\($0)" } ?? name }
  }

  /// The client has chosen the text, and programs may be scripts.
  private static func hostName(_ text: String) -> String? {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    } ? text : nil
  }
}
