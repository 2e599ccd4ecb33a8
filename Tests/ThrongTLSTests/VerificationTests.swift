// Certificates that must be refused, by clients and by servers, and what each side is told.

import TestSupport
import Testing
import Throng
import ThrongTLS

struct VerificationTests {
  @Test("A server's certificate for another name is refused", arguments: bothVersions)
  func wrongName(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test(), name: "elsewhere.example").handshake()
    #expect(pair.clientStep == .failed(SecurityFailure(.certificateNameMismatch)))
    #expect(pair.serverStep == .failed(alert: 42))
    #expect(pair.client.failureDetail.contains("ostname"))
  }

  @Test("Addresses in certificates are verified", arguments: ["127.0.0.1", "::1", "127.0.0.2"])
  func addresses(name: String) throws {
    let pair = try SessionPair(.test(), .test(), name: name).handshake()
    let isListed = name != "127.0.0.2"
    #expect(
      pair.clientStep == (isListed ? .done : .failed(SecurityFailure(.certificateNameMismatch))))
    if isListed { #expect(pair.server.info.serverName == nil) }
  }

  @Test("A client without a name to verify makes no session")
  func noName() throws {
    let context = try TLSClientContext(.test())
    #expect(throws: SecurityFailure(.certificateNameMismatch)) {
      try context.makeSession(serverName: nil)
    }
  }

  @Test("An expired server certificate is refused by a client, and by the server's own start")
  func expired() throws {
    let certificates = try TestCertificates.shared
    let path = certificates.expiredServer.certificate
    #expect(
      throws: TLSConfigurationError.expired(path: path, .certificate, at: "2020-02-01 00:00:00")
    ) { try TLSServerContext(.test(certificates.expiredServer)) }
  }

  @Test("A server of an unknown authority is refused", arguments: bothVersions)
  func wrongAuthority(version: SecurityInfo.ProtocolVersion) throws {
    let certificates = try TestCertificates.shared
    var client = try TLSClientConfiguration.test(version)
    client.verification = .authorities(
      TLSAuthorities(certificatesPath: certificates.strangers.files.certificate))
    let pair = try SessionPair(client, .test()).handshake()
    #expect(pair.clientStep == .failed(SecurityFailure(.certificateUntrusted)))
    #expect(pair.serverStep == .failed(alert: 48))
    client.verification = .systemAuthorities
    let system = try SessionPair(client, .test()).handshake()
    #expect(system.clientStep == .failed(SecurityFailure(.certificateUntrusted)))
    client.verification = .insecure
    let insecure = try SessionPair(client, .test()).handshake()
    #expect(insecure.clientStep == .done)
    #expect(insecure.client.info.peer == nil)
  }

  @Test("Only names directly below a wildcard are served by it")
  func wildcards() throws {
    let certificates = try TestCertificates.shared
    let server = TLSServerConfiguration(identities: [
      TLSIdentity(certificates.server), TLSIdentity(certificates.otherServer),
    ])
    let client = try TLSClientContext(.test())
    let context = try TLSServerContext(server)
    let step = { (name: String) in
      try SessionPair(client: client, server: context, name: name).handshake().clientStep
    }
    #expect(try step("localhost") == .done)
    #expect(try step("one.example") == .done)
    #expect(try step("ONE.example") == .done)
    #expect(try step("a.wild.example") == .done)
    let mismatch = HandshakeStep.failed(SecurityFailure(.certificateNameMismatch))
    #expect(try step("a.b.wild.example") == mismatch)
    #expect(try step("wild.example") == mismatch)
  }

  @Test("Client certificates are verified, and handlers see their names", arguments: bothVersions)
  func clientCertificate(version: SecurityInfo.ProtocolVersion) throws {
    let certificates = try TestCertificates.shared
    var client = try TLSClientConfiguration.test(version)
    client.identity = TLSIdentity(certificates.client)
    let pair = try SessionPair(client, .test(require: true)).handshake()
    #expect(pair.serverStep == .done)
    let peer = try #require(pair.server.info.peer)
    #expect(peer.subject == "CN=client,O=Example")
    #expect(peer.alternativeNames == [.dns("client.example"), .email("client@example.com")])
    #expect(peer.fingerprint.count == 64)
  }

  @Test("A client without a certificate is refused when one is required", arguments: bothVersions)
  func missingCertificate(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test(require: true)).handshake()
    #expect(pair.serverStep == .failed(SecurityFailure(.certificateMissing)))
    try expectAlert(pair, version, version == .tls13 ? 116 : 40)
    let requested = try SessionPair(.test(version), .test(require: false)).handshake()
    #expect(requested.serverStep == .done)
    #expect(requested.server.info.peer == nil)
  }

  @Test(
    "A client of an unknown authority is refused, also when none is required",
    arguments: bothVersions, [true, false])
  func strangeClient(version: SecurityInfo.ProtocolVersion, isRequired: Bool) throws {
    var client = try TLSClientConfiguration.test(version)
    client.identity = TLSIdentity(try TestCertificates.shared.strangeClient)
    let pair = try SessionPair(client, .test(require: isRequired)).handshake()
    #expect(pair.serverStep == .failed(SecurityFailure(.certificateUntrusted)))
    try expectAlert(pair, version, 48)
  }

  @Test("A revoked client is refused", arguments: bothVersions)
  func revoked(version: SecurityInfo.ProtocolVersion) throws {
    let certificates = try TestCertificates.shared
    var client = try TLSClientConfiguration.test(version)
    client.identity = TLSIdentity(certificates.revokedClient)
    let list = certificates.revocationList
    let pair = try SessionPair(client, .test(require: true, revocationList: list)).handshake()
    #expect(pair.serverStep == .failed(SecurityFailure(.certificateRevoked)))
    try expectAlert(pair, version, 44)
    client.identity = TLSIdentity(certificates.client)
    let good = try SessionPair(client, .test(require: true, revocationList: list)).handshake()
    #expect(good.serverStep == .done)
  }

  /// A client of TLS 1.3 has completed its handshake by the time that the server refuses it.
  private func expectAlert(
    _ pair: SessionPair, _ version: SecurityInfo.ProtocolVersion, _ alert: UInt8
  ) throws {
    guard version == .tls13 else {
      #expect(pair.clientStep == .failed(alert: alert))
      return
    }
    #expect(pair.clientStep == .done)
    let failure = SecurityFailure(.alertReceived, alert: .init(rawValue: alert))
    #expect(pair.clientReceives().state == .failed(failure))
  }
}
