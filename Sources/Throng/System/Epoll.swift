// One epoll instance, level-triggered (epoll(7)). Adding, modifying and deleting may be done from any
// thread; `wait` belongs to the thread that owns the `EventBatch` passed to it.

import CEpollShim
import Synchronization
import SystemPackage

/// What a descriptor is watched for, and what epoll reports of it.
struct Readiness: OptionSet {
  let rawValue: UInt32
  static let readable = Readiness(rawValue: SHIM_EPOLLIN)
  static let writable = Readiness(rawValue: SHIM_EPOLLOUT)
  /// Reported whether asked for or not.
  static let hangUp = Readiness(rawValue: SHIM_EPOLLHUP)
  static let failed = Readiness(rawValue: SHIM_EPOLLERR)
  /// Disarms the descriptor after one report.
  static let oneShot = Readiness(rawValue: SHIM_EPOLLONESHOT)
  /// Reports each change once, to one waiting thread: for wake-ups only.
  static let edgeTriggered = Readiness(rawValue: SHIM_EPOLLET)
}

struct Epoll: ~Copyable {
  let descriptor: CInt
  /// epoll_pwait2(2) is missing (before Linux 5.11), or forbidden: seccomp profiles of older container
  /// engines answer EPERM to calls that they do not know.
  private let lacksPreciseWait = Atomic<Bool>(false)

  init() throws(Errno) { descriptor = try check(shim_epoll_create()) }
  deinit { _ = shim_close(descriptor) }

  func add(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_add(descriptor, fd, interest.rawValue, token.rawValue))
  }

  /// - Throws: ENOMEM, or what says that the descriptor is not watched. The caller must not count on
  ///   further events of it.
  func modify(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_modify(descriptor, fd, interest.rawValue, token.rawValue))
  }

  /// A failure says that the descriptor is not watched (ENOENT, EBADF), as it is to be.
  func delete(_ fd: CInt) { _ = shim_epoll_delete(descriptor, fd) }

  /// Whether a wait would return at once; takes nothing (an epoll instance can be polled, epoll(7)).
  var hasEvents: Bool { shim_poll_readable(descriptor, -1, 0) & 1 != 0 }

  /// Fills the batch with what is ready, waiting at most `milliseconds` (-1: for ever).
  /// An interrupted wait returns an empty batch, and so does one that throws.
  func wait(_ batch: inout EventBatch, milliseconds: CInt) throws(EventLoopError) {
    let count = shim_epoll_wait(descriptor, batch.events, batch.capacity, milliseconds)
    batch.count = Int(max(0, count))
    if count < 0, count != -EINTR {
      throw EventLoopError(call: "epoll_wait", errno: Errno(rawValue: -count))
    }
  }

  /// The same until a deadline, to within the thread's timer slack. A deadline that is near counts from
  /// the clock, not from `now`, which is as old as the loop's last turn.
  func wait(
    _ batch: inout EventBatch, until deadline: MonotonicTime, from now: MonotonicTime
  ) throws(EventLoopError) {
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
    throw EventLoopError(call: "epoll_pwait2", errno: Errno(rawValue: -count))
  }
}

/// Room for the events of one `epoll_wait`.
struct EventBatch: ~Copyable {
  fileprivate let events: UnsafeMutablePointer<shim_event>
  let capacity: CInt
  fileprivate(set) var count = 0

  init(capacity: Int) {
    events = .allocate(capacity: capacity)
    self.capacity = CInt(capacity)
  }
  deinit { events.deallocate() }

  subscript(index: Int) -> (token: Token, readiness: Readiness) {
    precondition(index < count)
    return (
      Token(rawValue: shim_event_token(events + index)),
      Readiness(rawValue: shim_event_flags(events + index))
    )
  }
}
