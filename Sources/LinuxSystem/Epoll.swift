// One epoll instance, level-triggered (epoll(7)). Adding, modifying and deleting may be done from any
// thread; `wait` belongs to the thread that owns the `EventBatch` passed to it.

import CEpollShim
import Synchronization
import SystemPackage

@usableFromInline
package struct Epoll: ~Copyable, Sendable {
  @usableFromInline
  package let descriptor: CInt
  /// epoll_pwait2(2) is missing (before Linux 5.11), or forbidden: seccomp profiles of older container
  /// engines answer EPERM to calls that they do not know.
  private let lacksPreciseWait = Atomic<Bool>(false)

  package init() throws(Errno) { descriptor = try check(shim_epoll_create()) }
  deinit { _ = shim_close(descriptor) }

  package func add(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_add(descriptor, fd, interest.bits, token.rawValue))
  }

  /// - Throws: ENOMEM, or what says that the descriptor is not watched. The caller must not count on
  ///   further events of it.
  package func modify(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_modify(descriptor, fd, interest.bits, token.rawValue))
  }

  /// A failure says that the descriptor is not watched (ENOENT, EBADF), as it is to be.
  package func delete(_ fd: CInt) { _ = shim_epoll_delete(descriptor, fd) }

  /// Whether a wait would return at once; takes nothing (an epoll instance can be polled, epoll(7)).
  package var hasEvents: Bool { shim_poll_readable(descriptor, -1, 0) & 1 != 0 }

  /// Fills the batch with what is ready, waiting at most `milliseconds` (-1: for ever).
  /// An interrupted wait returns an empty batch, and so does one that throws.
  @inlinable @inline(__always)
  package func wait(_ batch: inout EventBatch, milliseconds: CInt) throws(SystemCallError) {
    let count = shim_epoll_wait(descriptor, batch.events, batch.capacity, milliseconds)
    batch.count = Int(count)
    if count < 0 { try waitFailed(&batch, errno: -count) }
  }

  @usableFromInline
  @inline(never)
  func waitFailed(_ batch: inout EventBatch, errno: CInt) throws(SystemCallError) {
    batch.count = 0
    if errno != EINTR { throw SystemCallError(call: "epoll_wait", errno: Errno(rawValue: errno)) }
  }

  /// The same until a deadline, to within the thread's timer slack. A deadline that is near counts from
  /// the clock, not from `now`, which is as old as the loop's last turn.
  package func wait(
    _ batch: inout EventBatch, until deadline: MonotonicTime, from now: MonotonicTime
  ) throws(SystemCallError) {
    var left = deadline.nanoseconds - min(now.nanoseconds, deadline.nanoseconds)
    if left < 10_000_000 {
      left = deadline.nanoseconds - min(MonotonicTime.now.nanoseconds, deadline.nanoseconds)
    }
    if lacksPreciseWait.load(ordering: .relaxed) {
      return try wait(&batch, milliseconds: CInt(clamping: left / 1_000_000))
    }
    let count = shim_epoll_wait_nanoseconds(descriptor, batch.events, batch.capacity, left)
    batch.count = Int(max(0, count))
    if count >= 0 || count == -EINTR { return }
    if count == -ENOSYS || count == -EPERM {
      lacksPreciseWait.store(true, ordering: .relaxed)
      return try wait(&batch, milliseconds: CInt(clamping: left / 1_000_000))
    }
    throw SystemCallError(call: "epoll_pwait2", errno: Errno(rawValue: -count))
  }
}

/// Room for the events of one `epoll_wait`.
@usableFromInline
package struct EventBatch: ~Copyable {
  @usableFromInline
  let events: UnsafeMutablePointer<shim_event>
  @usableFromInline
  package let capacity: CInt
  @usableFromInline
  package internal(set) var count = 0

  package init(capacity: Int) {
    events = .allocate(capacity: capacity)
    self.capacity = CInt(capacity)
  }
  deinit { events.deallocate() }

  @inlinable
  package subscript(index: Int) -> (token: Token, readiness: Readiness) {
    precondition(index < count)
    return (
      Token(rawValue: shim_event_token(events + index)),
      Readiness(bits: shim_event_flags(events + index))
    )
  }
}
