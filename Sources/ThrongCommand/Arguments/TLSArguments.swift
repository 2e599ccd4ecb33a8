// Values of the flags for TLS, which `serve` and `connect` share.

import ArgumentParser
import LinuxSystem
import Throng
import ThrongTLS

enum TLSVersionArgument: String, CaseIterable, ExpressibleByArgument {
  case tls12 = "1.2"
  case tls13 = "1.3"

  var version: SecurityInfo.ProtocolVersion { self == .tls12 ? .tls12 : .tls13 }
}

extension ListArgument<String> {
  @Sendable static func names(_ text: String) throws -> Self {
    try ListArgument(parsing: text) { $0 }
  }
}

/// The password of encrypted private keys: the first line of a file, read each time that it is needed.
struct PasswordFile {
  let path: String

  var password: @Sendable (_ keyPath: String) -> String? {
    { [path] _ in TextFile.line(path) }
  }
}
