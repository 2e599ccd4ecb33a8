// What client and server have to agree on: versions, application protocols.

import TestSupport
import Testing
import Throng
import ThrongTLS

struct NegotiationTests {
  @Test("The server's preferred application protocol is taken", arguments: bothVersions)
  func applicationProtocol(version: SecurityInfo.ProtocolVersion) throws {
    var server = try TLSServerConfiguration.test()
    server.applicationProtocols = ["chat/2", "chat/1"]
    var client = try TLSClientConfiguration.test(version)
    client.applicationProtocols = ["other", "chat/1", "chat/2"]
    let pair = try SessionPair(client, server).handshake()
    #expect(pair.client.info.applicationProtocol == "chat/2")
    #expect(pair.server.info.applicationProtocol == "chat/2")
    client.applicationProtocols = []
    let silent = try SessionPair(client, server).handshake()
    #expect(silent.serverStep == .done)
    #expect(silent.server.info.applicationProtocol == nil)
  }

  @Test("A client without a shared application protocol is refused", arguments: bothVersions)
  func noApplicationProtocol(version: SecurityInfo.ProtocolVersion) throws {
    var server = try TLSServerConfiguration.test()
    server.applicationProtocols = ["chat/2"]
    var client = try TLSClientConfiguration.test(version)
    client.applicationProtocols = ["chat/3"]
    let pair = try SessionPair(client, server).handshake()
    #expect(pair.serverStep == .failed(SecurityFailure(.noSharedApplicationProtocol)))
    #expect(pair.clientStep == .failed(alert: 120))
  }

  @Test("A client of TLS 1.2 is refused when 1.3 is the minimum")
  func minimumVersion() throws {
    var server = try TLSServerConfiguration.test()
    server.minimumVersion = .tls13
    let pair = try SessionPair(.test(.tls12), server).handshake()
    #expect(pair.serverStep == .failed(SecurityFailure(.noSharedVersion)))
    #expect(pair.clientStep == .failed(alert: 70))
  }

  @Test("A stapled OCSP response is sent to a client that asks", arguments: bothVersions)
  func staple(version: SecurityInfo.ProtocolVersion) throws {
    let certificates = try TestCertificates.shared
    let path = try certificates.authority.ocspResponse(for: certificates.server)
    var server = try TLSServerConfiguration.test()
    server.identities[0].ocspResponsePath = path
    let pair = try SessionPair(.test(version), server)
    pair.requestStaple()
    pair.handshake()
    #expect(pair.clientStep == .done)
    #expect(pair.receivedStapleCount ?? 0 > 100)
    server.identities = [TLSIdentity(certificates.serverRSA)]
    server.identities[0].ocspResponsePath = path
    #expect(
      throws: TLSConfigurationError.staple(
        path: path, certificatePath: certificates.serverRSA.certificate)
    ) { try TLSServerContext(server) }
  }
}
