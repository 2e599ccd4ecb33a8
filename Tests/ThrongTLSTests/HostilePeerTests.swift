// Peers that violate the protocol or use it to cost time and memory.

import LinuxSystem
import TestSupport
import Testing
import Throng

@testable import ThrongTLS

struct HostilePeerTests {
  @Test("Bytes of another protocol are named as such")
  func notTLS() throws {
    for text in ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "hello, hello\n"] {
      let pair = try SessionPair(.test(), .test())
      let step = pair.handshake(pair.server, Array(text.utf8), &pair.toClient)
      #expect(step == .failed(SecurityFailure(.notTLS)), "\(text)")
    }
  }

  @Test("Random bytes at any stage end the session with an error", arguments: bothVersions)
  func garbage(version: SecurityInfo.ProtocolVersion) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let client = try TLSClientContext(.test(version))
    let server = try TLSServerContext(.test())
    for _ in 0..<100 {
      let pair = try SessionPair(client: client, server: server)
      pair.toServer = pair.queuedByClient()
      let offset = Int.random(in: 0..<pair.toServer.count, using: &random)
      pair.toServer.removeLast(pair.toServer.count - offset)
      // A record's header that is complete and wrong, so that no further input is waited for.
      pair.toServer += [0xff] + (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) }
      let step = pair.handshake(pair.server, pair.takeForServer(), &pair.toClient)
      #expect(step != .done, "seed \(seed)")
    }
  }

  @Test("Every changed byte of an established connection is noticed", arguments: bothVersions)
  func changedRecord(version: SecurityInfo.ProtocolVersion) throws {
    let client = try TLSClientContext(.test(version))
    let server = try TLSServerContext(.test())
    for position in 0..<45 {
      let pair = try SessionPair(client: client, server: server).handshake()
      #expect(pair.clientSends([UInt8](repeating: 1, count: 100)) == nil)
      // Enough for a record that a changed length makes longer.
      #expect(pair.clientSends([UInt8](repeating: 2, count: 40_000)) == nil)
      pair.toServer[position] ^= 0x40
      let received = pair.serverReceives()
      #expect(received.bytes.isEmpty)
      #expect(received.state == .failed(SecurityFailure(.malformed)), "byte \(position)")
      #expect(!pair.toClient.isEmpty, "no alert")
      #expect(pair.serverSends([1]) != nil)
    }
  }

  @Test("A handshake that does not end is refused after 64 KiB")
  func endlessHandshake() throws {
    let pair = try SessionPair(.test(), .test())
    // A ClientHello of 131,000 bytes, in records of 16 KiB.
    var input: [UInt8] = []
    var message: [UInt8] = [1, 1, 0xff, 0xb8, 3, 3]
    message += [UInt8](repeating: 0, count: 131_000)
    while !message.isEmpty {
      let part = message.prefix(16384)
      input += [22, 3, 1, UInt8(part.count >> 8), UInt8(part.count & 0xff)] + part
      message.removeFirst(part.count)
    }
    var step = HandshakeStep.needsInput
    var given = 0
    while step == .needsInput, given < input.count {
      let part = Array(input[given..<min(given + 4096, input.count)])
      step = pair.handshake(pair.server, part, &pair.toClient)
      given += part.count
    }
    #expect(step == .failed(SecurityFailure(.tooLarge)))
    #expect(given <= 68 << 10)
  }

  @Test("A flood of messages that mean nothing is refused")
  func changeCipherSpecFlood() throws {
    let pair = try SessionPair(.test(), .test())
    let hello = pair.queuedByClient()
    var step = pair.handshake(pair.server, hello, &pair.toClient)
    #expect(step == .needsInput)
    var count = 0
    while step == .needsInput, count < 20_000 {
      step = pair.handshake(pair.server, [20, 3, 3, 0, 1, 1], &pair.toClient)
      count += 1
    }
    #expect(step != .needsInput)
    #expect(count <= 11_000)
  }

  @Test("KeyUpdate is obeyed a hundred times in a second and refused then")
  func keyUpdateStorm() throws {
    let pair = try SessionPair(.test(.tls13), .test()).handshake()
    _ = pair.clientReceives()
    for number in 1...100 {
      pair.requestKeyUpdate()
      #expect(pair.clientSends([UInt8(number)]) == nil)
    }
    let first = pair.serverReceives()
    #expect(first.bytes == Array(1...100))
    #expect(first.state == .needsInput)
    #expect(pair.clientReceives().state == .needsInput)
    // Far more than the limit, so that the test does not depend on the machine's speed.
    for _ in 0..<1000 {
      pair.requestKeyUpdate()
      #expect(pair.clientSends([101]) == nil)
    }
    let flood = pair.serverReceives()
    #expect(flood.state == .failed(SecurityFailure(.tooManyKeyUpdates)))
    #expect(flood.bytes.count < 1000)
  }

  @Test("The limit of KeyUpdate is one of each second")
  func keyUpdateLimit() {
    var limit = ProtocolMessageLimit()
    let start = MonotonicTime(nanoseconds: 1 << 40)
    let count = { (time: MonotonicTime) in (0..<150).count { _ in limit.allows(now: time) } }
    #expect(count(start) == 100)
    #expect(count(start + .milliseconds(999)) == 0)
    #expect(count(start + .seconds(1)) == 100)
  }

  @Test("A request to renegotiate is refused, and too many of them end the session")
  func renegotiation() throws {
    let pair = try SessionPair(.test(.tls12), .test()).handshake()
    #expect(!pair.requestRenegotiation())
    #expect(pair.clientSends([1]) == nil)
    #expect(pair.serverReceives().bytes == [1])
  }
}
