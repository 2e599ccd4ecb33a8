// What a non-blocking connection has of its own only once something had to wait: its outbox, the progress of that,
// and the tasks that wait. Most of very many connections are idle and need none of it. Held under the lock of the
// connection.

struct SendBacklog: ~Copyable, @unchecked Sendable {
  // Invariant behind @unchecked: the pointer has one owner, and leaves it only for a call under the lock.

  /// In an order in which malloc(3) takes 64 bytes for it.
  struct Contents {
    var writeWaiters: [WriteWaiter] = []
    var outbox = Outbox()
    var progress = SendProgress()
  }

  /// Made when it is first needed, and then kept for the connection's life. Behind a pointer and not in an object,
  /// so that nothing is retained for a look at it.
  private var made: UnsafeMutablePointer<Contents>?

  deinit {
    made?.deinitialize(count: 1)
    made?.deallocate()
  }

  /// For what changes it.
  var contents: UnsafeMutablePointer<Contents> {
    @inline(__always) mutating get { made ?? make() }
  }

  @inline(never)
  private mutating func make() -> UnsafeMutablePointer<Contents> {
    let new = UnsafeMutablePointer<Contents>.allocate(capacity: 1)
    new.initialize(to: Contents())
    made = new
    return new
  }

  /// Nothing waits for the kernel.
  @inline(__always)
  var isEmpty: Bool { byteCount == 0 }

  @inline(__always)
  var byteCount: Int { made?.pointee.outbox.byteCount ?? 0 }

  /// Drops what waits.
  mutating func removeAll() { made?.pointee.outbox.removeAll() }

  var progress: SendProgress {
    get { made?.pointee.progress ?? SendProgress() }
    set {
      // Before anything was queued there is nothing to keep.
      if made != nil || newValue.time != .never { contents.pointee.progress = newValue }
    }
  }

  var writeWaiters: [WriteWaiter] {
    get { made?.pointee.writeWaiters ?? [] }
    set { if made != nil || !newValue.isEmpty { contents.pointee.writeWaiters = newValue } }
  }
}
