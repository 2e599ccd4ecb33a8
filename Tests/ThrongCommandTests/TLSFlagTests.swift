// Each TLS flag of `throng serve` and `throng connect` changes what it names.

import Testing
import Throng
import ThrongTLS

@testable import ThrongCommand

@Suite struct TLSFlagTests {
  private func server(_ flags: String...) throws -> TLSServerConfiguration {
    try Serve.parse(["--tls-certificate", "a.pem"] + flags).tlsFlags.configuration
  }

  private func client(_ flags: String...) throws -> TLSClientConfiguration {
    try Connect.parse(["--tls"] + flags).tlsFlags.configuration
  }

  @Test func withoutACertificateThereIsNoTLS() throws {
    #expect(try Serve.parse([]).tlsFlags.security() == nil)
    #expect(try !Connect.parse([]).tlsFlags.tls)
  }

  @Test func keysBelongToCertificatesInTheirOrder() throws {
    let pair = try server(
      "--tls-certificate", "b.pem", "--tls-key", "a.key", "--tls-key", "b.key", "--tls-ocsp",
      "a.der")
    #expect(pair.identities.map(\.certificatePath) == ["a.pem", "b.pem"])
    #expect(pair.identities.map(\.keyPath) == ["a.key", "b.key"])
    #expect(pair.identities.map(\.ocspResponsePath) == ["a.der", nil])
    #expect(try server().identities[0].keyPath == "a.pem")
    #expect(throws: (any Error).self) { try server("--tls-certificate", "b.pem", "--tls-key", "k") }
  }

  @Test func clientsAreAskedForACertificate() throws {
    guard case .none = try server().clientAuthentication else {
      Issue.record("asked without the flag")
      return
    }
    guard case .require(let required) = try server("--tls-client-ca", "c").clientAuthentication,
      case .request(let requested) = try server(
        "--tls-client-ca", "c", "--tls-client-crl", "r", "--tls-client-auth", "request"
      ).clientAuthentication
    else {
      Issue.record("not asked as the flags say")
      return
    }
    #expect(required.certificatesPath == "c" && required.revocationListPath == nil)
    #expect(requested.revocationListPath == "r")
    #expect(throws: (any Error).self) { try server("--tls-client-auth", "request") }
  }

  @Test func versionsAndProtocolsAreSet() throws {
    #expect(try server().minimumVersion == .tls12)
    #expect(try server("--tls-minimum", "1.3").minimumVersion == .tls13)
    #expect(try server("--tls-alpn", "chat/2,chat/1").applicationProtocols == ["chat/2", "chat/1"])
    #expect(try client("--tls-minimum", "1.3").minimumVersion == .tls13)
    #expect(try client("--tls-alpn", "chat/2").applicationProtocols == ["chat/2"])
    #expect(throws: (any Error).self) { try server("--tls-minimum", "1.1") }
  }

  @Test func clientsVerifyUnlessToldOtherwise() throws {
    guard case .systemAuthorities = try client().verification,
      case .authorities(let files) = try client("--tls-ca", "c", "--tls-crl", "r").verification,
      case .insecure = try client("--tls-insecure").verification
    else {
      Issue.record("not verified as the flags say")
      return
    }
    #expect(files.certificatesPath == "c" && files.revocationListPath == "r")
    #expect(try client("--tls-name", "n").serverName == "n")
    #expect(try client("--tls-certificate", "c", "--tls-key", "k").identity?.keyPath == "k")
    #expect(throws: (any Error).self) { try client("--tls-insecure", "--tls-ca", "c") }
    #expect(throws: (any Error).self) { try client("--tls-key", "k") }
    #expect(throws: (any Error).self) { try Connect.parse(["--tls-ca", "c"]) }
  }
}
