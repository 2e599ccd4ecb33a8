// Memory for received and queued bytes: a header and its storage in one allocation. Written only by
// whoever is filling it, in the part that no slice covers yet; the rest never changes, so slices may
// be read on any thread.

final class Chunk: ManagedBuffer<Chunk.Header, UInt8> {
  struct Header {
    let capacity: Int
    var filled: Int
  }

  static func make(capacity: Int) -> Chunk {
    let buffer = Chunk.create(minimumCapacity: capacity) { _ in
      Header(capacity: capacity, filled: 0)
    }
    return unsafeDowncast(buffer, to: Chunk.self)
  }

  static func make(copying bytes: UnsafeRawBufferPointer, capacity: Int? = nil) -> Chunk {
    let chunk = make(capacity: max(capacity ?? 0, bytes.count))
    chunk.append(bytes)
    return chunk
  }

  @inline(__always)
  var start: UnsafeMutableRawPointer {
    withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
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

  /// Only for a chunk that nobody else is filling.
  func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= free)
    if let source = bytes.baseAddress {
      (start + filled).copyMemory(from: source, byteCount: bytes.count)
    }
    filled += bytes.count
  }
}

/// A part of a chunk, which it keeps alive.
struct ChunkSlice: @unchecked Sendable {
  // Invariant behind @unchecked: the bytes of a slice never change, and one thread at a time fills
  // the rest of its chunk.
  var chunk: Chunk
  var offset: UInt32
  var count: UInt32

  /// A slice is copied rather than kept when its chunk is more than this many times larger.
  static let largestWaste = 16

  static let empty = ChunkSlice(chunk: Chunk.make(capacity: 0), offset: 0, count: 0)

  @inline(__always)
  var buffer: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: chunk.start + Int(offset), count: Int(count))
  }
}
