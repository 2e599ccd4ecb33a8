// What waits to be sent keeps its order and its bytes, however little the kernel takes at a time.

import CEpollShim
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Throng

extension AllTests {
  @Suite struct Outboxes {
    /// Messages of all sizes, copied and referred to, through a socket with a tiny buffer.
    @Test(arguments: [1, 2, 3, 4] as [UInt64], [Int.max, 4096])
    func orderSurvivesPartialSends(_ seed: UInt64, _ maximum: Int) throws {
      try withSocketPair { left, right in
        try left.set(SOL_SOCKET, SO_SNDBUF, 4096)
        _ = shim_set_nonblocking(left.descriptor, 1)
        var generator = SeededGenerator(seed: seed)
        let pattern = TestPattern(seed: seed)
        var outbox = Outbox()
        var (queued, received) = (0, 0)
        while queued < 2_000_000 || received < queued {
          if queued < 2_000_000, Int.random(in: 0..<3, using: &generator) > 0 {
            queued += append(&outbox, pattern, queued, &generator)
          }
          while !outbox.isEmpty {
            let front = outbox.front(atMost: maximum)
            #expect(front.reduce(0) { $0 + Int($1.count) } <= maximum)
            let sent = (try? left.reference.send(front)) ?? 0
            outbox.drop(sent)
            if sent == 0 || Bool.random(using: &generator) { break }
          }
          received += try receive(right, pattern, received, &generator)
          #expect(outbox.byteCount <= queued - received)
        }
        #expect(outbox.isEmpty && received == queued)
      }
    }

    /// A million messages of one byte must not cost a million references.
    @Test func tinyMessagesShareTheirStorage() {
      var outbox = Outbox()
      for number in 0..<1000 { outbox.append(Bytes([UInt8(number % 251)]).slice) }
      let front = outbox.front()
      #expect(front.count < 20)
      #expect(front.flatMap { Array($0.buffer) } == (0..<1000).map { UInt8($0 % 251) })
    }

    private func append(
      _ outbox: inout Outbox, _ pattern: TestPattern, _ position: Int,
      _ generator: inout SeededGenerator
    ) -> Int {
      let largest = Bool.random(using: &generator) ? 50 : 40_000
      let count = Int.random(in: 0...largest, using: &generator)
      let bytes = Bytes(pattern.bytes(at: position, count: count))
      let isKept = Bool.random(using: &generator)
      bytes.withUnsafeBytes { outbox.append($0, from: 0, keeping: isKept ? bytes : nil) }
      return count
    }

    private func receive(
      _ socket: borrowing Socket, _ pattern: TestPattern, _ position: Int,
      _ generator: inout SeededGenerator
    ) throws -> Int {
      var bytes = [UInt8](repeating: 0, count: Int.random(in: 1...8000, using: &generator))
      let count = bytes.withUnsafeMutableBytes {
        shim_recv(socket.descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
      }
      guard count > 0 else { return 0 }
      try check(
        pattern.matches(Array(bytes.prefix(count)), at: position), "wrong bytes near \(position)")
      return count
    }

    @Test func whatTheKernelTookIsNotSentAgain() {
      var outbox = Outbox()
      let message = Bytes(Array(0..<200))
      message.withUnsafeBytes { outbox.append($0, from: 150, keeping: message) }
      #expect(outbox.byteCount == 50)
      #expect(outbox.front().flatMap { Array($0.buffer) } == Array(150..<200))
      outbox.drop(20)
      #expect(outbox.front().flatMap { Array($0.buffer) } == Array(170..<200))
    }

    @Test func aFewBytesDoNotKeepALargeChunk() {
      var outbox = Outbox()
      let large = Bytes([UInt8](repeating: 1, count: 60_000))
      outbox.append(Bytes(large.prefix(10)).slice)
      #expect(outbox.front().allSatisfy { $0.chunk !== large.slice.chunk })
      outbox.append(large.slice)
      #expect(outbox.front().contains { $0.chunk === large.slice.chunk })
    }

    /// A slice of a receive buffer must not keep all of it; a message that many clients get is shared.
    @Test func lessThanHalfOfAChunkIsCopied() {
      let large = Bytes([UInt8](repeating: 1, count: 60_000))
      for (count, isKept) in [(29_000, false), (31_000, true)] {
        var outbox = Outbox()
        let part = Bytes(large.prefix(count))
        part.withUnsafeBytes { outbox.append($0, from: 0, keeping: part) }
        #expect(outbox.front().contains { $0.chunk === large.slice.chunk } == isKept)
        #expect(outbox.byteCount == count)
        #expect((part.compacted().slice.chunk === large.slice.chunk) == isKept)
      }
    }

    /// Most of a broadcast may have been sent to each client, a different part to each.
    @Test func theRestOfASharedMessageIsShared() {
      let message = Bytes([UInt8](repeating: 1, count: 60_000))
      var outbox = Outbox()
      message.withUnsafeBytes { outbox.append($0, from: 50_000, keeping: message) }
      #expect(outbox.byteCount == 10_000)
      #expect(outbox.front().contains { $0.chunk === message.slice.chunk })
    }

    /// The kernel may take a part of the prefix only.
    @Test(arguments: 0...7)
    func aPrefixAndItsMessageStayInOrder(sent: Int) {
      var outbox = Outbox()
      let message: Bytes = "message"
      message.withUnsafeBytes {
        outbox.append($0, from: sent, keeping: message, after: "pre:")
      }
      let all = Array("pre:message".utf8)
      #expect(outbox.front().flatMap { Array($0.buffer) } == Array(all.dropFirst(sent)))
      #expect(outbox.byteCount == all.count - sent)
    }

    @Test func smallSendsShareAChunk() {
      var outbox = Outbox()
      for _ in 0..<50 { [1, 2, 3].withUnsafeBytes { outbox.append(copying: $0) } }
      #expect(outbox.front().count < 10)
    }
  }
}
