// Received bytes that framing has not consumed yet. As long as a frame lies within one receive it is a
// slice of it; only what is cut in two is put together by copying. Belongs to one iterator.

struct InputBuffer {
  private(set) var slice = ChunkSlice.empty
  /// The chunk was made here for what waits, and nothing is received into it.
  private var isOwnChunk = false

  private static let smallestChunk = 256

  var count: Int { Int(slice.count) }
  var isEmpty: Bool { slice.count == 0 }

  var bytes: Bytes { Bytes(slice) }

  /// Where `byte` first occurs at or after an offset (memchr(3)).
  func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
      Search.offset(of: byte, in: UnsafeRawBufferPointer(rebasing: buffer[offset...])).map {
        $0 + offset
      }
    }
  }

  /// Takes the first `count` bytes; they share the storage.
  mutating func take(_ count: Int) -> Bytes {
    var front = slice
    front.count = UInt32(count)
    skip(count)
    return Bytes(front)
  }

  mutating func skip(_ count: Int) {
    slice.offset += UInt32(count)
    slice.count -= UInt32(count)
    if slice.count == 0 { slice = .empty }
  }

  mutating func append(_ bytes: Bytes, expecting total: Int = 0) {
    if isEmpty {
      slice = bytes.slice
      isOwnChunk = false
      return
    }
    makeRoom(for: Int(bytes.slice.count), expecting: total)
    bytes.withUnsafeBytes { slice.chunk.append($0) }
    slice.count += bytes.slice.count
  }

  /// Before a wait: what has less than half of a chunk is copied, or each unfinished message would keep
  /// a receive buffer in memory.
  /// - Parameter total: how long what comes is known to be.
  mutating func compact(expecting total: Int = 0) {
    guard !isEmpty else { return }
    let needed = max(total, count, Self.smallestChunk)
    // Room for what is known to come is no waste, but only in a chunk that was made for it.
    let isLarge = isOwnChunk ? slice.chunk.size > 2 * needed : slice.isSmallPart
    if isLarge { move(toCapacity: needed) }
  }

  private mutating func makeRoom(for more: Int, expecting total: Int) {
    // In this order: another thread may be filling a chunk until this is the only reference to it.
    if Chunk.isOnlyReference(&slice.chunk), slice.chunk.free >= more,
      Int(slice.offset + slice.count) == slice.chunk.filled
    {
      return
    }
    // Twice what is there: a long frame in small pieces is copied a few times, not at each piece.
    move(toCapacity: max(total, 2 * count, count + more))
  }

  private mutating func move(toCapacity capacity: Int) {
    let chunk = Chunk.make(copying: slice.buffer, capacity: capacity)
    withExtendedLifetime(slice.chunk) {}
    slice = ChunkSlice(chunk: chunk, offset: 0, count: slice.count)
    isOwnChunk = true
  }
}
