// How sessions end: close_notify in each direction, and its absence.

import TestSupport
import Testing
import Throng
import ThrongTLS

struct EndingTests {
  @Test("close_notify ends the input after all data", arguments: bothVersions)
  func closeNotify(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    #expect(pair.clientSends([1, 2]) == nil)
    pair.clientEnds()
    #expect(pair.serverReceives() == .init(bytes: [1, 2], state: .ended))
    #expect(pair.serverReceives() == .init(bytes: [], state: .ended))
  }

  @Test("Without close_notify the input only waits for more", arguments: bothVersions)
  func truncation(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    #expect(pair.clientSends([1, 2]) == nil)
    pair.clientEnds()
    pair.toServer.removeLast()
    #expect(pair.serverReceives() == .init(bytes: [1, 2], state: .needsInput))
  }

  @Test("Sending goes on after the peer's close_notify", arguments: bothVersions)
  func halfClose(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    pair.clientEnds()
    #expect(pair.serverReceives().state == .ended)
    #expect(pair.serverSends([3, 4]) == nil)
    pair.serverEnds()
    #expect(pair.clientReceives() == .init(bytes: [3, 4], state: .ended))
  }

  @Test("Input that crosses close_notify on its way is received", arguments: bothVersions)
  func crossing(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    pair.serverEnds()
    #expect(pair.clientSends([5]) == nil)
    #expect(pair.serverReceives() == .init(bytes: [5], state: .needsInput))
    #expect(pair.serverSends([1]) == SecurityFailure(.internalError))
  }

  @Test("close_notify is queued once, and not after a failure", arguments: bothVersions)
  func once(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test()).handshake()
    pair.clientEnds()
    let count = pair.toServer.count
    pair.clientEnds()
    #expect(pair.toServer.count == count)
    pair.toServer[6] ^= 1
    #expect(pair.serverReceives().state == .failed(SecurityFailure(.malformed)))
    let queued = pair.toClient.count
    pair.serverEnds()
    #expect(pair.toClient.count == queued)
  }
}
