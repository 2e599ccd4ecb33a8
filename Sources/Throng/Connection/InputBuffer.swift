// Received bytes that framing has not consumed yet. As long as a frame lies within one receive it is a
// slice of it; only what is cut in two is put together by copying. Belongs to one iterator.

struct InputBuffer {
  private var slice = ChunkSlice.empty

  /// Below this size, what waits is copied out of the shared chunk, which it would keep alive.
  private static let largestWaste = 16
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
      return
    }
    makeRoom(for: Int(bytes.slice.count), expecting: total)
    bytes.withUnsafeBytes { slice.chunk.append($0) }
    slice.count += bytes.slice.count
  }

  /// Before a wait: a small rest must not keep a large chunk, which others receive into.
  /// - Parameter total: how long what comes is known to be.
  mutating func compact(expecting total: Int = 0) {
    guard !isEmpty, slice.chunk.size > max(count, Self.smallestChunk) * Self.largestWaste else {
      return
    }
    move(toCapacity: max(total, count, Self.smallestChunk))
  }

  private mutating func makeRoom(for more: Int, expecting total: Int) {
    let isWhole = Int(slice.offset + slice.count) == slice.chunk.filled
    if isWhole, slice.chunk.free >= more, isKnownUniquelyReferenced(&slice.chunk) { return }
    // Twice what is there: a long frame in small pieces is copied a few times, not at each piece.
    move(toCapacity: max(total, 2 * count, count + more))
  }

  private mutating func move(toCapacity capacity: Int) {
    let chunk = Chunk.make(copying: slice.buffer, capacity: capacity)
    withExtendedLifetime(slice.chunk) {}
    slice = ChunkSlice(chunk: chunk, offset: 0, count: slice.count)
  }
}
