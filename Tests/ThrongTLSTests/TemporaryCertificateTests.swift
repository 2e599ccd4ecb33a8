// The certificate that a comparison makes for itself.

import Foundation
import TestSupport
import Testing
import Throng

@testable import ThrongTLS

struct TemporaryCertificateTests {
  @Test("A client that trusts the certificate verifies it for localhost", arguments: bothVersions)
  func handshake(version: SecurityInfo.ProtocolVersion) throws {
    let made = try TemporaryCertificate()
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = CertificateFiles(
      certificate: folder.appending(path: "certificate").path,
      key: folder.appending(path: "key").path)
    try made.certificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
    try made.key.write(toFile: files.key, atomically: true, encoding: .utf8)
    var configuration = try TLSClientConfiguration.test(version)
    configuration.verification = .authorities(TLSAuthorities(certificatesPath: files.certificate))
    for name in ["localhost", "127.0.0.1"] {
      let pair = try SessionPair(configuration, .test(files), name: name).handshake()
      #expect(pair.clientStep == .done && pair.serverStep == .done)
    }
    let other = try SessionPair(configuration, .test(files), name: "other.example").handshake()
    #expect(other.clientStep == .failed(SecurityFailure(.certificateNameMismatch)))
  }
}
