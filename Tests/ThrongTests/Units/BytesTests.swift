// Received bytes cost nothing when they are not kept, and never change when they are.

import CEpollShim
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Throng

/// Two connected sockets.
func withSocketPair<Result>(
  _ body: (_ left: borrowing Socket, _ right: borrowing Socket) throws -> Result
) throws -> Result {
  var pair: [CInt] = [0, 0]
  let result = socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair)
  try check(result == 0, "socketpair fails")
  return try body(Socket(adopting: pair[0]), Socket(adopting: pair[1]))
}

extension AllTests {
  @Suite struct ReceivedBytes {
    private func send(_ bytes: [UInt8], to socket: borrowing Socket) throws {
      let sent = try bytes.withUnsafeBytes { try socket.reference.send($0) }
      try check(sent == bytes.count, "the socket buffer is full")
    }

    @Test func bytesThatAreNotKeptCostNothing() throws {
      try withSocketPair { left, right in
        var buffer = ReceiveBuffer()
        var chunks: Set<ObjectIdentifier> = []
        var offsets: Set<UInt32> = []
        for _ in 0..<1000 {
          try send([1, 2, 3], to: left)
          let slice = try buffer.receive(from: right.reference, atMost: 1024)
          #expect(slice.count == 3)
          chunks.insert(ObjectIdentifier(slice.chunk))
          offsets.insert(slice.offset)
        }
        #expect(chunks.count == 1)
        #expect(offsets.count == 1)
      }
    }

    /// Each receive's bytes are kept for a random while, and compared again when they are let go.
    @Test(arguments: [1, 2] as [UInt64])
    func bytesThatAreKeptNeverChange(_ seed: UInt64) throws {
      try withSocketPair { left, right in
        var generator = SeededGenerator(seed: seed)
        var buffer = ReceiveBuffer()
        var kept: [(bytes: Bytes, copy: [UInt8])] = []
        for _ in 0..<3000 {
          let count = Int.random(in: 1...20_000, using: &generator)
          let sent = [UInt8](repeating: .random(in: 0...255, using: &generator), count: count)
          try send(sent, to: left)
          let bytes = Bytes(try buffer.receive(from: right.reference, atMost: count))
          guard bytes.count < count || Array(bytes) == sent else {
            Issue.record("received wrongly, seed \(seed)")
            return
          }
          var rest = count - bytes.count
          while rest > 0 {
            rest -= Int(try buffer.receive(from: right.reference, atMost: rest).count)
          }
          if Int.random(in: 0..<3, using: &generator) == 0 {
            kept.append((bytes, Array(sent.prefix(bytes.count))))
          }
          while kept.count > 40 || (!kept.isEmpty && Bool.random(using: &generator)) {
            let one = kept.remove(at: .random(in: 0..<kept.count, using: &generator))
            guard one.bytes == Bytes(one.copy) else {
              Issue.record("kept bytes have changed, seed \(seed)")
              return
            }
          }
        }
      }
    }

    @Test func slicesShareAndCountFromZero() {
      let bytes = Bytes(Array(0..<100))
      let part = Bytes(bytes[10..<20])
      #expect(part.startIndex == 0 && part.endIndex == 10)
      #expect(Array(part) == Array(10..<20))
      #expect(part.slice.chunk === bytes.slice.chunk)
      #expect(Array(Bytes(part.dropFirst(3).prefix(2))) == [13, 14])
      #expect(Bytes(bytes[50..<50]).isEmpty)
      #expect(bytes.firstIndex(of: 42) == 42)
      #expect(part.firstIndex(of: 9) == nil && part.firstIndex(of: 20) == nil)
      #expect(Bytes().firstIndex(of: 0) == nil)
    }

    @Test func equalBytesAreEqualWhereverTheyLie() {
      let whole = Bytes("..hello..")
      let part = Bytes(whole[2..<7])
      #expect(part == Bytes("hello") && part == "hello" && part != "hellO")
      #expect(part.hashValue == Bytes("hello").hashValue)
      #expect(Set([part, "hello", Bytes()]).count == 2)
      #expect(Bytes() == "" && Bytes().isEmpty)
      #expect([1, 2, 3] as Bytes == Bytes([1, 2, 3]))
      #expect(Bytes((1...3).lazy.map { UInt8($0) }) == [1, 2, 3])
    }

    @Test func invalidTextIsReplacedNotRefused() {
      #expect(Bytes([0x61, 0xff, 0x62]).text == "a\u{fffd}b")
      #expect("\(Bytes("hé"))" == "hé")
      #expect(Bytes().text == "")
    }
  }
}
