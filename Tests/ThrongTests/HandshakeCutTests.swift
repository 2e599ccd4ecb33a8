// Clients that are gone after any number of the bytes that they send in a handshake, and clients whose records
// are a flood: each connection ends, is counted with its reason, and leaves nothing.

import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct HandshakeCuts {
    static let setups = SecureConnections.setups

    /// The client's bytes up to an offset.
    private struct Cut: Error {}

    /// - Returns: whether the handshake was complete before the offset.
    private func shakeHands(
      _ client: TestClient, _ version: SecurityInfo.ProtocolVersion, upTo offset: Int
    ) throws -> Bool {
      var left = offset
      do {
        try TestClientTLS(version).handshake(
          send: { bytes in
            try client.sendRaw(Array(bytes.prefix(left)))
            left -= bytes.count
            if left < 0 { throw Cut() }
          }, receive: { try client.receiveRaw() })
        return true
      } catch is Cut {
        return false
      }
    }

    @Test(arguments: setups, [SecurityInfo.ProtocolVersion.tls12, .tls13])
    func aClientThatIsGoneAtAnyOffsetIsCounted(
      _ setup: Setup, _ version: SecurityInfo.ProtocolVersion
    ) async throws {
      let served = Shared(0)
      let handler = Serve { connection in
        served.change { $0 += 1 }
        while try await connection.receive() != nil {}
      }
      try await withServer(handler, setup) { running in
        var offset = 0
        var isComplete = false
        var completed = 0
        while !isComplete {
          for ends in [{ try $0.finishSending() }, { $0.reset() }] as [(TestClient) throws -> Void]
          {
            let client = try TestClient(running.address)
            isComplete = try shakeHands(client, version, upTo: offset)
            if isComplete {
              completed += 1
              try eventually("it is served") { served.value == completed }
            }
            try ends(client)
            try eventually("it is gone") { running.metrics.open == 0 }
          }
          offset += 1
        }
        let metrics = running.metrics
        let failures = metrics.handshakeFailures.values.reduce(0, +)
        #expect(offset > 200 && metrics.handshakes == 2)
        #expect(metrics.handshakeFailures == [.closedByPeer: failures])
        #expect(failures == metrics.accepted - 2)
      }
      #expect(served.value == 2)
    }

    private static let warning: [UInt8] = [21, 3, 3, 0, 2, 1, 90]
    private static let changeCipherSpec: [UInt8] = [20, 3, 3, 0, 1, 1]
    private static let emptyData: [UInt8] = [23, 3, 3, 0, 0]
    /// A record with one byte of a ClientHello of 16 MB.
    private static func fragments(_ count: Int) -> [UInt8] {
      let begin: [UInt8] = [1, 0xff, 0xff, 0xff, 3, 3]
      return (0..<count).flatMap { [22, 3, 1, 0, 1, $0 < begin.count ? begin[$0] : 0] }
    }

    /// Far more than any handshake needs; the server must not read it all.
    @Test(
      arguments: setups,
      [
        ("warnings", (0..<20_000).flatMap { _ in warning }),
        ("ChangeCipherSpec", (0..<20_000).flatMap { _ in changeCipherSpec }),
        ("empty data", (0..<20_000).flatMap { _ in emptyData }),
        ("fragments", fragments(20_000)),
      ])
    func aFloodOfRecordsEndsTheHandshake(
      _ setup: Setup, _ flood: (name: String, bytes: [UInt8])
    ) async throws {
      try await withServer(
        Echo(), setup, configure: { $0.security?.handshakeTimeout = .seconds(600) }
      ) { running in
        let client = try TestClient(running.address)
        try? client.sendRaw(flood.bytes)
        _ = try client.receiveToEndOrReset()
        try eventually("it is gone") { running.metrics.open == 0 }
        #expect(running.metrics.handshakes == 0)
        #expect(running.metrics.handshakeFailures.values.reduce(0, +) == 1)
      }
    }

    @Test(arguments: setups)
    func recordsThatAreNotOfTheSessionEndItAndAreCounted(_ setup: Setup) async throws {
      try await withServer(Echo(), setup) { running in
        let client = try TestClient(running.address)
        try TestClientTLS().handshake(send: client.sendRaw, receive: { try client.receiveRaw() })
        try? client.sendRaw((0..<1000).flatMap { _ in Self.emptyData })
        _ = try client.receiveToEndOrReset()
        try eventually("it is gone") { running.metrics.open == 0 }
        #expect(running.metrics.sessionFailures == [.malformed: 1])
        #expect(running.metrics.handshakes == 1 && running.metrics.handshakeFailures.isEmpty)
      }
    }
  }
}
