// Sessions that are resumed by tickets, and those that must not be.

import LinuxSystem
import TestSupport
import Testing
import Throng

@testable import ThrongTLS

struct ResumptionTests {
  @Test("A second connection resumes the session of the first", arguments: bothVersions)
  func resumes(version: SecurityInfo.ProtocolVersion) throws {
    let client = try TLSClientContext(.test(version))
    let server = try TLSServerContext(.test())
    #expect(try connect(client, server) == false)
    #expect(try connect(client, server) == true)
    #expect(try connect(client, server) == true)
    try server.reload(with: .test())
    #expect(try connect(client, server) == true)
  }

  @Test("A client can be told not to resume", arguments: bothVersions)
  func fullHandshakes(version: SecurityInfo.ProtocolVersion) throws {
    var configuration = try TLSClientConfiguration.test(version)
    configuration.resumesSessions = false
    let client = try TLSClientContext(configuration)
    let server = try TLSServerContext(.test())
    for _ in 0..<3 { #expect(try connect(client, server) == false) }
  }

  @Test(
    "A resumed session has the client's certificate, until the server's authorities change",
    arguments: bothVersions)
  func clientCertificate(version: SecurityInfo.ProtocolVersion) throws {
    var configuration = try TLSClientConfiguration.test(version)
    configuration.identity = TLSIdentity(try TestCertificates.shared.client)
    let client = try TLSClientContext(configuration)
    let server = try TLSServerContext(.test(require: true))
    #expect(try connect(client, server, expectsPeer: true) == false)
    #expect(try connect(client, server, expectsPeer: true) == true)
    try server.reload(with: .test(require: true))
    #expect(try connect(client, server, expectsPeer: true) == false)
  }

  @Test("Ticket keys are read for one period after the one that they are used in")
  func rotation() throws {
    let keys = TicketKeys()
    let period = TicketKeys.period
    let start = MonotonicTime(nanoseconds: 1 << 50)
    let first = try #require(keys.current(now: start))
    let find = { (key: TicketKeys.Key, time: MonotonicTime) in
      Array(key.name).withUnsafeBufferPointer { keys.key(named: $0, now: time)?.isCurrent }
    }
    #expect(find(first, start) == true)
    let second = try #require(keys.current(now: start + period))
    #expect(first.name != second.name)
    #expect(find(first, start + period) == false)
    #expect(find(second, start + period) == true)
    let third = try #require(keys.current(now: start + period * 2))
    #expect(find(first, start + period * 2) == nil)
    #expect(find(second, start + period * 2) == false)
    // After a long pause the key before is too old as well.
    #expect(find(third, start + period * 5) == nil)
  }

  @Test("A ticket of a key that is gone leads to a full handshake", arguments: bothVersions)
  func unknownKey(version: SecurityInfo.ProtocolVersion) throws {
    let client = try TLSClientContext(.test(version))
    #expect(try connect(client, TLSServerContext(.test())) == false)
    #expect(try connect(client, TLSServerContext(.test())) == false)
  }

  /// - Returns: whether the connection was resumed.
  private func connect(
    _ client: TLSClientContext, _ server: TLSServerContext, expectsPeer: Bool = false
  ) throws -> Bool {
    let pair = try SessionPair(client: client, server: server).handshake()
    #expect(pair.clientStep == .done)
    #expect(pair.serverStep == .done)
    // Takes the ticket, which TLS 1.3 sends after the handshake.
    #expect(pair.clientReceives() == .init())
    #expect(pair.clientSends([1]) == nil)
    #expect(pair.serverReceives().bytes == [1])
    #expect((pair.server.info.peer != nil) == expectsPeer)
    #expect(pair.client.info.isResumed == pair.server.info.isResumed)
    return pair.server.info.isResumed
  }
}
