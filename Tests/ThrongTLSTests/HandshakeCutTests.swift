// A client that stops at any offset of a handshake: the session waits at each, and completes at the end alone.

import TestSupport
import Testing
import Throng

@testable import ThrongTLS

struct HandshakeCutTests {
  @Test("A session waits at every offset of the client's side", arguments: bothVersions)
  func everyOffset(version: SecurityInfo.ProtocolVersion) throws {
    let client = try TLSClientContext(.test(version))
    let server = try TLSServerContext(.test())
    var offset = 0
    var step = HandshakeStep.needsInput
    while step == .needsInput, offset < 4096 {
      offset += 1
      step = try SessionPair(client: client, server: server).serverStep(afterReceiving: offset)
    }
    #expect(step == .done, "at \(offset)")
    #expect(offset > 200)
  }

  @Test("A flood of warnings is refused after a few", arguments: bothVersions)
  func warnings(version: SecurityInfo.ProtocolVersion) throws {
    let pair = try SessionPair(.test(version), .test())
    #expect(pair.handshake(pair.server, pair.queuedByClient(), &pair.toClient) == .needsInput)
    var step = HandshakeStep.needsInput
    var count = 0
    while step == .needsInput, count < 100 {
      // user_canceled (RFC 8446, section 6.1)
      step = pair.handshake(pair.server, [21, 3, 3, 0, 2, 1, 90], &pair.toClient)
      count += 1
    }
    #expect(step == .failed(SecurityFailure(.malformed)) && count < 10, "\(step), \(count)")
  }

  @Test("A ClientHello of records of one byte is read, and one without end is refused")
  func fragments() throws {
    let pair = try SessionPair(.test(), .test())
    let hello = pair.queuedByClient().dropFirst(5)
    let pieces: [UInt8] = hello.flatMap { [22, 3, 1, 0, 1, $0] as [UInt8] }
    #expect(pair.handshake(pair.server, pieces, &pair.toClient) == .needsInput)
    #expect(!pair.toClient.isEmpty)

    let endless = try SessionPair(.test(), .test())
    var step = HandshakeStep.needsInput
    var count = 0
    for byte in [1, 0, 0xff, 0xff, 3, 3] + [UInt8](repeating: 0, count: 20_000)
    where step == .needsInput {
      step = endless.handshake(endless.server, [22, 3, 1, 0, 1, byte], &endless.toClient)
      count += 1
    }
    #expect(step != .needsInput && count < 12_000, "\(step), \(count)")
  }
}
