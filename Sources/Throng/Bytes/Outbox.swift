// Bytes that a handler has sent and the kernel has not taken yet, in order. Held under the lock of its
// connection. A message waits here by reference when it has at least half of its chunk; everything else
// is copied, so that a few bytes of a receive buffer do not keep all of it in memory.

struct Outbox {
  private var segments: ContiguousArray<ChunkSlice> = []
  private(set) var byteCount = 0
  private var head: Int32 = 0

  /// A reference to no more bytes than it has itself is worth nothing, when there are many.
  private static let tiny = MemoryLayout<ChunkSlice>.size
  private static let fewSegments = 16
  /// What a chunk for copied bytes holds at least, so that small sends share one.
  private static let smallestChunk = 1024
  /// And what it has room for beyond one message, when more and more waits.
  private static let largestChunk = 16384
  /// Buffers passed to one sendmsg(2).
  private static let gathered = 64

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ slice: ChunkSlice) {
    append(slice, from: 0)
  }

  /// The message without its first `sent` bytes. Whether it is copied depends on the whole message: many
  /// clients may wait for different parts of one, which they share.
  private mutating func append(_ message: ChunkSlice, from sent: Int) {
    var slice = message
    slice.offset += UInt32(sent)
    slice.count -= UInt32(sent)
    guard slice.count > 0 else { return }
    let isTiny = Int(slice.count) <= Self.tiny && segments.count - Int(head) >= Self.fewSegments
    if isTiny || message.isSmallPart {
      append(copying: slice.buffer)
      withExtendedLifetime(slice.chunk) {}
    } else {
      segments.append(slice)
      byteCount += Int(slice.count)
    }
  }

  /// What is left of a message of which the first `sent` bytes are on their way.
  /// - Parameters:
  ///   - bytes: the owner of the buffer, which is then referred to; nil: it is copied.
  ///   - prefix: what comes before the buffer and counts as part of the message.
  mutating func append(
    _ buffer: UnsafeRawBufferPointer, from sent: Int, keeping bytes: Bytes?,
    after prefix: Bytes? = nil
  ) {
    var sent = sent
    if let prefix {
      let sentOfPrefix = min(sent, prefix.count)
      append(prefix.slice, from: sentOfPrefix)
      sent -= sentOfPrefix
    }
    if let bytes {
      append(bytes.slice, from: sent)
    } else {
      append(copying: UnsafeRawBufferPointer(rebasing: buffer[sent...]))
    }
  }

  mutating func append(copying bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    byteCount += bytes.count
    if extendLast(with: bytes) { return }
    let chunk = Chunk.make(
      copying: bytes, capacity: min(max(Self.smallestChunk, byteCount), Self.largestChunk))
    segments.append(ChunkSlice(chunk: chunk, offset: 0, count: UInt32(bytes.count)))
  }

  /// Copies into the free part of the last chunk when nothing else refers to that chunk.
  private mutating func extendLast(with bytes: UnsafeRawBufferPointer) -> Bool {
    let last = segments.count - 1
    // In this order: another thread may be filling a chunk until this is the only reference to it.
    guard last >= Int(head), Chunk.isOnlyReference(&segments[last].chunk),
      segments[last].chunk.free >= bytes.count,
      Int(segments[last].offset + segments[last].count) == segments[last].chunk.filled
    else { return false }
    segments[last].chunk.append(bytes)
    segments[last].count += UInt32(bytes.count)
    return true
  }

  /// The next slices to send, at most 64 and `maximum` bytes; they stay queued until `drop`.
  func front(atMost maximum: Int = .max) -> ContiguousArray<ChunkSlice>.SubSequence {
    var front = segments[Int(head)...].prefix(Self.gathered)
    guard byteCount > maximum else { return front }
    var room = maximum
    for index in front.indices {
      if Int(front[index].count) >= room {
        front[index].count = UInt32(room)
        return front[...index]
      }
      room -= Int(front[index].count)
    }
    return front
  }

  /// Calls `body` with the first bytes in one piece: a part of the first segment when that is large enough,
  /// else a copy of several small ones.
  func withFront<Result, Failure: Error>(
    atMost maximum: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let first = segments[Int(head)]
    if segments.count - Int(head) == 1 || Int(first.count) >= maximum {
      defer { withExtendedLifetime(first.chunk) {} }
      return try body(first.buffer)
    }
    let count = min(byteCount, maximum)
    return try withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) {
      (copy: UnsafeMutableRawBufferPointer) throws(Failure) -> Result in
      var filled = 0
      for segment in segments[Int(head)...] where filled < count {
        let part = UnsafeRawBufferPointer(rebasing: segment.buffer.prefix(count - filled))
        (copy.baseAddress! + filled).copyMemory(from: part.baseAddress!, byteCount: part.count)
        filled += part.count
      }
      return try body(UnsafeRawBufferPointer(copy))
    }
  }

  /// Removes bytes from the front that the kernel has taken.
  mutating func drop(_ sent: Int) {
    byteCount -= sent
    if isEmpty { return forgetSegments() }
    var left = sent
    while left > 0 {
      let count = Int(segments[Int(head)].count)
      if left < count {
        segments[Int(head)].offset += UInt32(left)
        segments[Int(head)].count -= UInt32(left)
        break
      }
      left -= count
      // The chunk's memory is free at once.
      segments[Int(head)] = .empty
      head += 1
    }
    if head >= 64, Int(head) * 2 >= segments.count {
      segments.removeFirst(Int(head))
      head = 0
    }
  }

  private mutating func forgetSegments() {
    segments.removeAll(keepingCapacity: segments.capacity <= 8)
    head = 0
  }

  /// The bytes that wait, when they are in one piece; valid until the outbox changes.
  var onlyPiece: UnsafeRawBufferPointer? {
    segments.count - Int(head) == 1 ? segments[Int(head)].buffer : nil
  }

  mutating func removeAll() { self = Outbox() }
}
