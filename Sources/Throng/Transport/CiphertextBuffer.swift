// Ciphertext on its way to the socket, in order. A thread reuses one as scratch for all of its
// connections; what the kernel refuses moves to a buffer of the connection. Used by one thread at a time.

/// Bytes that are appended at the end and removed at the front.
package struct CiphertextBuffer: ~Copyable {
  private var storage: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  /// An empty buffer; it allocates when the first bytes are appended.
  package init() { storage = UnsafeMutableRawBufferPointer(start: nil, count: 0) }

  deinit { storage.deallocate() }

  package var count: Int { end - start }
  package var isEmpty: Bool { end == start }

  /// Bytes of memory held.
  package var capacity: Int { storage.count }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if storage.count - end < bytes.count { makeRoom(for: bytes.count) }
    storage.baseAddress!.advanced(by: end).copyMemory(from: source, byteCount: bytes.count)
    end += bytes.count
  }

  package borrowing func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(rebasing: storage[start..<end]))
  }

  /// Removes bytes at the front, usually those that were sent.
  package mutating func removeFirst(_ count: Int) {
    precondition(count <= self.count)
    start += count
    if start == end { removeAll() }
  }

  /// Empties the buffer; its memory stays.
  package mutating func removeAll() {
    start = 0
    end = 0
  }

  /// Empties the buffer and gives its memory back.
  package mutating func release() {
    self = CiphertextBuffer()
  }

  private mutating func makeRoom(for added: Int) {
    let count = count
    if storage.count >= 2 * (count + added) {
      storage.baseAddress!.copyMemory(from: storage.baseAddress! + start, byteCount: count)
    } else {
      let capacity = max(256, (count + added) + (count + added) / 2)
      let larger = UnsafeMutableRawBufferPointer.allocate(
        byteCount: capacity, alignment: MemoryLayout<Int>.alignment)
      if count > 0 {
        larger.baseAddress!.copyMemory(from: storage.baseAddress! + start, byteCount: count)
      }
      storage.deallocate()
      storage = larger
    }
    start = 0
    end = count
  }
}
