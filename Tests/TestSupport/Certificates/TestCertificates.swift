// The certificates that tests use, made once for a run of the tests and removed at its end.

import Foundation

/// Certificates of one authority, and of another that is trusted by no test.
package struct TestCertificates: Sendable {
  package let folder: URL
  package let authority: TestAuthority
  package let strangers: TestAuthority
  /// For localhost, 127.0.0.1 and ::1.
  package let server: CertificateFiles
  /// The same names with an RSA key.
  package let serverRSA: CertificateFiles
  /// For one.example and *.wild.example.
  package let otherServer: CertificateFiles
  package let expiredServer: CertificateFiles
  package let client: CertificateFiles
  package let revokedClient: CertificateFiles
  /// A client's certificate of the other authority.
  package let strangeClient: CertificateFiles
  /// Revokes `revokedClient`.
  package let revocationList: String

  /// Made at the first use. A failure fails each test that uses them.
  package static var shared: TestCertificates {
    get throws { try made.get() }
  }

  private static let made: Result<TestCertificates, any Error> = Result {
    let certificates = try TestCertificates()
    atexit { try? FileManager.default.removeItem(at: TestCertificates.folderToRemove) }
    return certificates
  }

  private static let folderToRemove = FileManager.default.temporaryDirectory
    .appending(path: "throng-certificates-\(ProcessInfo.processInfo.processIdentifier)")

  private init() throws {
    folder = Self.folderToRemove
    authority = try TestAuthority("authority", in: folder)
    strangers = try TestAuthority("strangers", in: folder)
    let local = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
    server = try authority.sign("server", names: local)
    serverRSA = try authority.sign("server-rsa", names: local, key: .rsa)
    otherServer = try authority.sign("other", names: ["DNS:one.example", "DNS:*.wild.example"])
    expiredServer = try authority.sign("expired", names: local, validity: .past)
    client = try authority.sign(
      "client", names: ["DNS:client.example", "email:client@example.com"],
      subject: "/O=Example/CN=client")
    revokedClient = try authority.sign("revoked")
    strangeClient = try strangers.sign("strange")
    revocationList = try authority.revocationList(revoking: [revokedClient])
  }

  /// A path in the folder for a file of one test.
  package func path(_ name: String) -> String { folder.appending(path: name).path }
}
