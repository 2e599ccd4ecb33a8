// State that handlers share, under a lock that costs no processor time while it is waited for. A thread
// that waits for `Synchronization.Mutex` spins first: with a thread per client, most of the processor's time
// goes there. pthread_mutex_lock(3) sleeps at once (futex(2)). Any thread.

import Glibc

/// A value that several handlers change, under a lock: how connections share state under every model.
///
/// ```swift
/// struct Store: Handler {
///   let values = Locked<[Bytes: Bytes]>([:])
///
///   func handle(_ connection: Connection) async throws {
///     for try await line in connection.lines() {
///       try await connection.send(values.withLock { $0[line] } ?? "none\n")
///     }
///   }
/// }
/// ```
///
/// Hold it shortly: under the reactor a wait for the lock holds up all clients of the loop. The lock is not
/// recursive, and no call on a connection belongs under it: `write` may resume tasks.
public final class Locked<Value: ~Copyable>: @unchecked Sendable {
  // Invariant behind @unchecked: `value` is touched only while `mutex` is held. Both are behind pointers: a
  // mutex must not move, and a class's stored properties are checked for exclusive access at run time.
  @usableFromInline
  let mutex: UnsafeMutablePointer<pthread_mutex_t>
  @usableFromInline
  let value: UnsafeMutablePointer<Value>

  /// - Parameter value: what is shared; no other reference to it may be left.
  public init(_ value: consuming sending Value) {
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
    value.deinitialize(count: 1)
    value.deallocate()
  }

  /// Calls `body` with the value while no other thread has it. Blocks the thread until then. Any thread.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  @inlinable
  public func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value.pointee)
  }
}
