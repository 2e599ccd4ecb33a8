// Configurations that cannot be used, each with one sentence; reloading; warnings.

import Foundation
import TestSupport
import Testing
import Throng
import ThrongTLS

struct ConfigurationTests {
  @Test("A key of another certificate is an error that names both files")
  func mismatch() throws {
    let certificates = try TestCertificates.shared
    let (one, two) = (certificates.server.certificate, certificates.client.key)
    let error = #expect(throws: TLSConfigurationError.self) {
      try TLSServerContext(TLSServerConfiguration(certificatePath: one, keyPath: two))
    }
    #expect(error == .keyMismatch(certificatePath: one, keyPath: two))
    #expect("\(try #require(error))".contains(two))
  }

  @Test("Missing and unsuitable files are errors that name the file")
  func files() throws {
    let certificates = try TestCertificates.shared
    let server = certificates.server
    let missing = certificates.path("missing.pem")
    #expect(throws: TLSConfigurationError.unreadable(path: missing, .noSuchFileOrDirectory)) {
      try TLSServerContext(TLSServerConfiguration(certificatePath: missing, keyPath: server.key))
    }
    #expect(throws: TLSConfigurationError.invalid(path: server.key, .certificate)) {
      try TLSServerContext(TLSServerConfiguration(certificatePath: server.key, keyPath: server.key))
    }
    #expect(throws: TLSConfigurationError.invalid(path: server.certificate, .privateKey)) {
      try TLSServerContext(
        TLSServerConfiguration(certificatePath: server.certificate, keyPath: server.certificate))
    }
    #expect(throws: TLSConfigurationError.noIdentity) {
      try TLSServerContext(TLSServerConfiguration(identities: []))
    }
    #expect(throws: TLSConfigurationError.invalid(path: server.key, .authorities)) {
      var client = TLSClientConfiguration()
      client.verification = .authorities(TLSAuthorities(certificatesPath: server.key))
      _ = try TLSClientContext(client)
    }
  }

  @Test("A damaged certificate in a file is an error, also after a good one")
  func damaged() throws {
    let certificates = try TestCertificates.shared
    let path = certificates.path("damaged.pem")
    let good = try String(contentsOfFile: certificates.server.certificate, encoding: .utf8)
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    try (good + bad).write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: TLSConfigurationError.invalid(path: path, .certificate)) {
      try TLSServerContext(
        TLSServerConfiguration(certificatePath: path, keyPath: certificates.server.key))
    }
  }

  @Test("An encrypted key needs the right password")
  func password() throws {
    let server = try TestCertificates.shared.server
    let key = try TestAuthority.encrypt(server.key, password: "right")
    let context = { (password: String?) in
      try TLSServerContext(
        TLSServerConfiguration(identities: [
          TLSIdentity(
            certificatePath: server.certificate, keyPath: key, password: { _ in password })
        ]))
    }
    #expect(throws: TLSConfigurationError.passwordMissing(path: key)) { try context(nil) }
    #expect(throws: TLSConfigurationError.passwordWrong(path: key)) { try context("wrong") }
    _ = try context("right")
  }

  @Test("A certificate that is not valid yet is an error")
  func future() throws {
    let certificates = try TestCertificates.shared
    let files = try certificates.authority.sign(
      "future", names: ["DNS:localhost"], validity: .future)
    #expect(
      throws: TLSConfigurationError.notYetValid(
        path: files.certificate, .certificate, from: "2100-01-01 00:00:00")
    ) { try TLSServerContext(.test(files)) }
  }

  @Test("A key that others can read is reported")
  func accessibleKey() throws {
    let certificates = try TestCertificates.shared
    let path = certificates.path("open.key")
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: certificates.server.key, toPath: path)
    let context = {
      try TLSServerContext(
        TLSServerConfiguration(
          certificatePath: certificates.server.certificate, keyPath: path))
    }
    chmod(path, 0o640)
    #expect(try context().configurationWarnings == [])
    chmod(path, 0o644)
    let warning = TLSConfigurationWarning.keyAccessibleByOthers(path: path, mode: 0o644)
    #expect(try context().configurationWarnings == [warning])
    #expect(warning.description.contains("mode 644"))
  }

  @Test("Names that no client can send, and protocols that cannot be encoded, are errors")
  func names() throws {
    var server = try TLSServerConfiguration.test()
    server.identities[0].serverNames = ["*.*.example"]
    #expect(throws: TLSConfigurationError.serverName("*.*.example")) {
      try TLSServerContext(server)
    }
    server.identities[0].serverNames = ["other.example"]
    server.applicationProtocols = [""]
    #expect(throws: TLSConfigurationError.applicationProtocol("")) { try TLSServerContext(server) }
  }

  @Test("A reload serves new connections; established ones and failed reloads change nothing")
  func reload() throws {
    let certificates = try TestCertificates.shared
    let client = try TLSClientContext(.test())
    let server = try TLSServerContext(.test())
    let old = try SessionPair(client: client, server: server).handshake()
    let fingerprint = old.client.info.peer?.fingerprint
    #expect(throws: TLSConfigurationError.self) {
      try server.reload(with: .test(certificates.expiredServer))
    }
    var full = try TLSClientConfiguration.test()
    full.resumesSessions = false
    let fresh = try TLSClientContext(full)
    let kept = try SessionPair(client: fresh, server: server).handshake()
    #expect(kept.client.info.peer?.fingerprint == fingerprint)
    try server.reload(with: .test(certificates.serverRSA))
    let new = try SessionPair(client: fresh, server: server).handshake()
    #expect(new.clientStep == .done)
    #expect(new.client.info.peer?.fingerprint != fingerprint)
    #expect(old.clientSends([1]) == nil)
    #expect(old.serverReceives().bytes == [1])
  }
}
