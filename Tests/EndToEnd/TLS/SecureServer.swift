// The built command as a TLS server with the test certificates.

import Foundation
import TestSupport

enum SecureServer {
  /// Flags of a server for localhost.
  static func flags(_ files: CertificateFiles? = nil) throws -> [String] {
    let files = try files ?? TestCertificates.shared.server
    return ["--tls-certificate", files.certificate, "--tls-key", files.key]
  }

  /// Serves while the body runs.
  static func run(
    _ flags: [String], _ files: CertificateFiles? = nil, _ body: (ServeProgram) throws -> Void
  ) throws {
    try ServeProgram.run(Self.flags(files) + flags, body)
  }

  /// Flags of `throng connect` for a server with a test certificate.
  static func connect(_ server: ServeProgram) throws -> [String] {
    let authority = try TestCertificates.shared.authority.files.certificate
    return ["connect", "127.0.0.1", server.port, "--tls", "--tls-ca", authority]
  }
}
