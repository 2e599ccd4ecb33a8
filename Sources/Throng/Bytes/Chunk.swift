// Memory for received and queued bytes: a header and its storage in one allocation, or the storage of an
// array, which is full from the start. Written only by the thread that is filling it, in the part that no
// slice covers yet; the rest never changes, so slices may be read on any thread.

import Synchronization

@usableFromInline
final class Chunk: ManagedBuffer<Chunk.Header, UInt8> {
  @usableFromInline
  struct Header {
    @usableFromInline
    let start: UnsafeMutableRawPointer
    let capacity: Int
    var filled: Int
    /// Owns the storage when that is not behind the header.
    let array: [UInt8]
  }

  static func make(capacity: Int) -> Chunk {
    let buffer = Chunk.create(minimumCapacity: capacity) { buffer in
      let start = buffer.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
      return Header(start: start, capacity: capacity, filled: 0, array: [])
    }
    return unsafeDowncast(buffer, to: Chunk.self)
  }

  /// The storage of an array, which nothing can change any more: it has a second owner from now on.
  static func make(adopting array: [UInt8]) -> Chunk {
    let buffer = Chunk.create(minimumCapacity: 0) { _ in
      let start = array.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
      return Header(
        start: start ?? UnsafeMutableRawPointer(bitPattern: 1)!, capacity: array.count,
        filled: array.count, array: array)
    }
    return unsafeDowncast(buffer, to: Chunk.self)
  }

  static func make(copying bytes: UnsafeRawBufferPointer, capacity: Int? = nil) -> Chunk {
    let chunk = make(capacity: max(capacity ?? 0, bytes.count))
    chunk.append(bytes)
    return chunk
  }

  @inlinable
  @inline(__always)
  var start: UnsafeMutableRawPointer {
    withUnsafeMutablePointerToHeader { $0.pointee.start }
  }

  // Through a pointer, because a class's stored properties are checked for exclusive access at run time.
  @inline(__always)
  var size: Int { withUnsafeMutablePointerToHeader { $0.pointee.capacity } }

  @inline(__always)
  var filled: Int {
    get { withUnsafeMutablePointerToHeader { $0.pointee.filled } }
    set { withUnsafeMutablePointerToHeader { $0.pointee.filled = newValue } }
  }

  @inline(__always)
  var free: Int { withUnsafeMutablePointerToHeader { $0.pointee.capacity - $0.pointee.filled } }

  /// Whether the caller has the only reference to the chunk, so that it may fill the rest. Another
  /// thread fills a chunk and then drops its reference: `filled` and `free` say what that thread has left
  /// only when they are read after this. Hence the fence; it costs no instruction on x86-64.
  @inline(__always)
  static func isOnlyReference(_ chunk: inout Chunk) -> Bool {
    guard isKnownUniquelyReferenced(&chunk) else { return false }
    atomicMemoryFence(ordering: .acquiring)
    return true
  }

  /// Only for a chunk that no other thread is filling.
  func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= free)
    if let source = bytes.baseAddress {
      (start + filled).copyMemory(from: source, byteCount: bytes.count)
    }
    filled += bytes.count
  }
}

/// A part of a chunk, which it keeps alive.
@usableFromInline
struct ChunkSlice: @unchecked Sendable {
  // Invariant behind @unchecked: the bytes of a slice never change, and one thread at a time fills
  // the rest of its chunk.
  @usableFromInline
  var chunk: Chunk
  @usableFromInline
  var offset: UInt32
  @usableFromInline
  var count: UInt32

  /// Whether the slice has less than half of its chunk: what waits is then copied, so that it does not
  /// keep the rest in memory.
  @inline(__always)
  var isSmallPart: Bool { 2 * Int(count) < chunk.size }

  static let empty = ChunkSlice(chunk: Chunk.make(capacity: 0), offset: 0, count: 0)

  @inlinable
  @inline(__always)
  var buffer: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: chunk.start + Int(offset), count: Int(count))
  }
}
