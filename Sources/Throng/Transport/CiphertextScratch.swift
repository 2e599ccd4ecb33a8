// Buffers that hold ciphertext on its way to the kernel, shared by all connections: what the kernel does not
// take is copied to its connection, so that an idle one holds none. Any thread.

import Synchronization

final class CiphertextScratch: @unchecked Sendable {
  // Invariant behind @unchecked: while an entry is used, it is not in the list of the unused ones.
  private var buffer = CiphertextBuffer()

  /// As many are made as threads send at the same time; no more than these are kept.
  private static let kept = 16
  private static let unused = Mutex<[CiphertextScratch]>([])

  /// Calls `body` with an empty buffer that nothing else uses meanwhile.
  static func withBuffer<Result, Failure: Error>(
    _ body: (inout CiphertextBuffer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let scratch = unused.withLock { $0.popLast() } ?? CiphertextScratch()
    defer {
      scratch.buffer.removeAll()
      unused.withLock { if $0.count < kept { $0.append(scratch) } }
    }
    return try body(&scratch.buffer)
  }
}
