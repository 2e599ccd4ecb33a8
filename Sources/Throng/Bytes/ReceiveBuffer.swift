// The receive buffer of a thread: one chunk for all its connections. If no slice of it is alive at the
// next receive, the chunk is reused from its start; otherwise receiving continues in its free part or,
// when that is small, in another chunk. Belongs to one thread.

import LinuxSystem
import SystemPackage

struct ReceiveBuffer: ~Copyable {
  static let chunkSize = 65536
  /// Below this much free room another chunk is better than short receives.
  private static let enough = 16384

  private var chunk: Chunk
  /// The last chunk that was full: its slices are usually gone by the time it is needed.
  private var spare: Chunk?

  /// Where ciphertext is received, if this thread has received any.
  private var scratch: UnsafeMutableRawBufferPointer?

  init() { chunk = Self.makeChunk() }

  deinit { scratch?.deallocate() }

  /// The bytes begin on a page boundary: the kernel copies large messages a good deal faster to there.
  private static func makeChunk() -> Chunk {
    let chunk = Chunk.make(capacity: chunkSize + pageSize)
    rewind(chunk)
    return chunk
  }

  private static let pageSize = 4096

  @inline(__always)
  private static func rewind(_ chunk: Chunk) {
    chunk.filled = -Int(bitPattern: chunk.start) & (pageSize - 1)
  }

  /// One recv(2) of at most `limit` bytes. An empty slice is the peer's FIN.
  @inline(__always)
  mutating func receive(
    from socket: SocketReference, atMost limit: Int, waiting: Bool = true
  ) throws(Errno) -> ChunkSlice {
    makeRoom(limit)
    let offset = chunk.filled
    let count = try socket.receive(
      into: chunk.start + offset, count: min(limit, chunk.free), waiting: waiting)
    chunk.filled = offset + count
    return ChunkSlice(chunk: chunk, offset: UInt32(offset), count: UInt32(count))
  }

  /// A buffer for ciphertext, which is decrypted at once. As large as a chunk, which so takes all of what
  /// is decrypted.
  var ciphertext: UnsafeMutableRawBufferPointer {
    mutating get {
      if let scratch { return scratch }
      let new = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
      scratch = new
      return new
    }
  }

  /// Has `body` write at most `limit` bytes.
  /// - Parameter body: returns how many it has written.
  mutating func fill(
    atMost limit: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
  ) -> ChunkSlice {
    makeRoom(limit)
    let offset = chunk.filled
    let count = body(
      UnsafeMutableRawBufferPointer(start: chunk.start + offset, count: min(limit, chunk.free)))
    if count == 0 { return .empty }
    chunk.filled = offset + count
    return ChunkSlice(chunk: chunk, offset: UInt32(offset), count: UInt32(count))
  }

  @inline(__always)
  private mutating func makeRoom(_ limit: Int) {
    if Chunk.isOnlyReference(&chunk) {
      Self.rewind(chunk)
    } else if chunk.free < min(limit, Self.enough) {
      replaceChunk()
    }
  }

  private mutating func replaceChunk() {
    let full = chunk
    if var candidate = spare.take(), Chunk.isOnlyReference(&candidate) {
      Self.rewind(candidate)
      chunk = candidate
    } else {
      chunk = Self.makeChunk()
    }
    spare = full
  }
}
