// Handshakes that succeed, in both versions, however their bytes are cut.

import TestSupport
import Testing
import Throng
import ThrongTLS

struct HandshakeTests {
  @Test("A handshake succeeds and data arrives in both directions", arguments: bothVersions)
  func complete(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    #expect(pair.clientStep == .done)
    #expect(pair.serverStep == .done)
    #expect(pair.server.info.protocolVersion == version)
    #expect(pair.server.info.serverName == "localhost")
    #expect(pair.server.info.peer == nil)
    #expect(pair.client.info.peer?.alternativeNames.first == .dns("localhost"))
    #expect(pair.clientSends([1, 2, 3]) == nil)
    #expect(pair.serverReceives() == .init(bytes: [1, 2, 3]))
    #expect(pair.serverSends([4, 5]) == nil)
    #expect(pair.clientReceives() == .init(bytes: [4, 5]))
  }

  @Test("A handshake whose bytes arrive one at a time succeeds", arguments: bothVersions)
  func oneByteAtATime(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake(piece: 1)
    #expect(pair.clientStep == .done)
    #expect(pair.serverStep == .done)
    #expect(pair.clientSends([7]) == nil)
    #expect(pair.serverReceives(piece: 1) == .init(bytes: [7]))
  }

  @Test("Data in the same segment as the end of the handshake is not lost", arguments: bothVersions)
  func dataWithTheLastFlight(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test())
    var step = pair.handshake(pair.client, [], &pair.toServer)
    var server = HandshakeStep.needsInput
    while step == .needsInput {
      server = pair.handshake(pair.server, pair.takeForServer(), &pair.toClient)
      step = pair.handshake(pair.client, pair.takeForClient(), &pair.toServer)
    }
    if version == .tls13 {
      #expect(server == .needsInput)
      #expect(pair.clientSends([1, 2, 3]) == nil)
      #expect(pair.handshake(pair.server, pair.takeForServer(), &pair.toClient) == .done)
      #expect(pair.serverReceives() == .init(bytes: [1, 2, 3]))
    } else {
      #expect(server == .done)
    }
  }

  @Test("A handshake that is cut at any offset waits for the rest", arguments: bothVersions)
  func cutAnywhere(version: SecurityInfo.ProtocolVersion) throws {
    let client = try TLSClientContext(.test(version))
    let server = try TLSServerContext(.test())
    let probe = try SessionPair(client: client, server: server)
    _ = probe.handshake(probe.client, [], &probe.toServer)
    let hello = probe.toServer
    for offset in stride(from: 0, to: hello.count, by: 1) {
      let pair = try SessionPair(client: client, server: server)
      let first = pair.handshake(pair.server, Array(hello[..<offset]), &pair.toClient)
      #expect(first == .needsInput)
      #expect(pair.toClient.isEmpty)
      let second = pair.handshake(pair.server, Array(hello[offset...]), &pair.toClient)
      #expect(second == .needsInput)
      #expect(!pair.toClient.isEmpty, "cut at \(offset)")
    }
  }

  @Test("Certificates of both kinds of key serve one name", arguments: ["ECDSA", "RSA"])
  func bothKeyTypes(kind: String) throws {
    let certificates = try TestCertificates.shared
    let server = TLSServerConfiguration(identities: [
      TLSIdentity(certificates.server), TLSIdentity(certificates.serverRSA),
    ])
    let pair = try SessionPair(.test(.tls12), server).handshake()
    #expect(pair.server.info.cipherSuite.contains("ECDSA"))
    let only = TLSServerConfiguration(identities: [
      TLSIdentity(kind == "RSA" ? certificates.serverRSA : certificates.server)
    ])
    let single = try SessionPair(.test(.tls12), only).handshake()
    #expect(single.server.info.cipherSuite.contains("_\(kind)_"))
  }

  @Test("Large data arrives whole in both directions", arguments: bothVersions)
  func largeData(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    _ = pair.clientReceives()
    let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    #expect(pair.clientSends(bytes) == nil)
    #expect(pair.serverReceives(capacity: 4096, piece: 30_011).bytes == bytes)
    #expect(pair.serverSends(bytes) == nil)
    #expect(pair.clientReceives(capacity: 65536, piece: 65536).bytes == bytes)
  }
}
