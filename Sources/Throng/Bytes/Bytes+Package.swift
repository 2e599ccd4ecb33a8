// What our other targets use on the path of every message: `Bytes` without a generic call across the
// module's boundary.

extension Bytes {
  /// The bytes themselves, valid while this value is kept.
  package var unsafeBuffer: UnsafeRawBufferPointer { slice.buffer }

  /// A part, which shares the storage.
  @inlinable
  package func part(from offset: Int, count: Int) -> Bytes {
    precondition(offset >= 0 && count >= 0 && offset + count <= Int(slice.count), "out of range")
    var part = self
    part.slice.offset += UInt32(truncatingIfNeeded: offset)
    part.slice.count = UInt32(truncatingIfNeeded: count)
    return part
  }
}
