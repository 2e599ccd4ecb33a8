// What OpenSSL reads its records from and writes them to: memory, through a BIO_METHOD of its own. The
// input is borrowed from the caller for one call; what is left of it is kept. Used under the lock of the
// session's connection.

import COpenSSL
import Throng

struct RecordIO: ~Copyable {
  /// Input of earlier calls, which comes first.
  private var held = CiphertextBuffer()
  private var input = UnsafeRawBufferPointer(start: nil, count: 0)
  private var output: UnsafeMutablePointer<CiphertextBuffer>?
  /// Set: reading fails, so that OpenSSL leaves its loop.
  var isInterrupted = false

  var isExhausted: Bool { input.isEmpty && held.isEmpty }

  mutating func begin(
    _ input: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<CiphertextBuffer>
  ) {
    self.input = input
    self.output = output
  }

  /// Keeps what was not read.
  mutating func end() {
    if !input.isEmpty { held.append(input) }
    input = UnsafeRawBufferPointer(start: nil, count: 0)
    output = nil
    if held.isEmpty, held.capacity > 0 { held.release() }
  }

  /// Drops all input: nothing that follows counts.
  mutating func discard() {
    input = UnsafeRawBufferPointer(start: nil, count: 0)
    held.removeAll()
  }

  /// Both exhaust the input before they return less than was asked for.
  fileprivate mutating func read(into target: UnsafeMutableRawPointer, _ limit: Int) -> Int {
    var count = 0
    if !held.isEmpty {
      count = min(limit, held.count)
      held.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: count) }
      held.removeFirst(count)
    }
    let more = min(limit - count, input.count)
    if more > 0 {
      (target + count).copyMemory(from: input.baseAddress!, byteCount: more)
      input = UnsafeRawBufferPointer(rebasing: input[more...])
    }
    return count + more
  }

  fileprivate func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let output else { return false }
    output.pointee.append(bytes)
    return true
  }
}

/// The BIO_METHOD, made once for the process.
enum RecordBIO {
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    guard let method = BIO_meth_new(BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK), "throng")
    else {
      return nil
    }
    BIO_meth_set_read(method) { bio, target, limit in
      guard let target, limit > 0, let data = BIO_get_data(bio) else { return -1 }
      let io = data.assumingMemoryBound(to: RecordIO.self)
      if io.pointee.isInterrupted {
        shim_BIO_clear_retry_flags(bio)
        return -1
      }
      let count = io.pointee.read(into: target, Int(limit))
      if count > 0 { return Int32(count) }
      shim_BIO_set_retry_read(bio)
      return -1
    }
    BIO_meth_set_write(method) { bio, bytes, count in
      guard count > 0, let data = BIO_get_data(bio) else { return -1 }
      let io = data.assumingMemoryBound(to: RecordIO.self)
      let isWritten = io.pointee.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
      return isWritten ? count : -1
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()

  /// A BIO that reads and writes through `io`, which must outlive it.
  static func make(_ io: UnsafeMutablePointer<RecordIO>) -> OpaquePointer? {
    guard let method, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, io)
    BIO_set_init(bio, 1)
    return bio
  }
}
