// What waits for the rest of its message takes little memory.

import CEpollShim
import SystemPackage
import Testing

@testable import Throng

extension AllTests {
  @Suite struct InputBuffers {
    private func bytes(_ count: Int, of byte: UInt8 = 7) -> Bytes {
      Bytes([UInt8](repeating: byte, count: count))
    }

    /// A chunk as a receive buffer has it: its first bytes are one client's, the rest is free.
    private func receiveChunk(with count: Int) -> (chunk: Chunk, bytes: Bytes) {
      let chunk = Chunk.make(capacity: ReceiveBuffer.chunkSize)
      [UInt8](repeating: 1, count: count).withUnsafeBytes { chunk.append($0) }
      return (chunk, Bytes(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(count))))
    }

    @Test(arguments: [10, 8_100, 32_000])
    func anUnfinishedMessageDoesNotKeepTheReceiveBuffer(_ count: Int) throws {
      try withSocketPair { left, right in
        var receiveBuffer = ReceiveBuffer()
        var chunks: Set<ObjectIdentifier> = []
        var waiting: [InputBuffer] = []
        for _ in 0..<20 {
          let message = [UInt8](repeating: 1, count: count)
          _ = try message.withUnsafeBytes { try left.reference.send($0) }
          var input = InputBuffer()
          while input.count < count {
            let slice = try receiveBuffer.receive(from: right.reference, atMost: 65536)
            chunks.insert(ObjectIdentifier(slice.chunk))
            input.append(Bytes(slice))
            input.compact()
          }
          waiting.append(input)
        }
        #expect(chunks.count == 1)
        #expect(waiting.allSatisfy { $0.slice.chunk.size <= 2 * max(count, 256) })
        #expect(waiting.allSatisfy { Array($0.bytes) == [UInt8](repeating: 1, count: count) })
      }
    }

    /// Copying it would cost more than the memory is worth.
    @Test func mostOfAChunkStaysWhereItIs() {
      let (chunk, message) = receiveChunk(with: 40_000)
      var input = InputBuffer()
      input.append(message)
      input.compact()
      #expect(input.slice.chunk === chunk)
    }

    /// Room for the rest of a frame is not given back while the frame arrives.
    @Test func aLongFrameInSmallPiecesIsCopiedOnce() {
      let total = 1_000_000
      var input = InputBuffer()
      var chunks: Set<ObjectIdentifier> = []
      while input.count < total {
        input.append(bytes(1000), expecting: total)
        input.compact(expecting: total)
        chunks.insert(ObjectIdentifier(input.slice.chunk))
      }
      #expect(chunks.count <= 2)
    }

    @Test func aSmallRestGivesBackTheRoomOfALongMessage() {
      var input = InputBuffer()
      input.append(bytes(10))
      input.append(bytes(60_000))
      _ = input.take(59_910)
      input.compact()
      #expect(input.slice.chunk.size <= 256)
      #expect(input.count == 100)
    }
  }
}
