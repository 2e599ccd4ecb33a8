// One epoll instance, level-triggered (epoll(7)). Adding, modifying and deleting may be done from any
// thread; `wait` belongs to the thread that owns the `EventBatch` passed to it.

import CEpollShim
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
  private let descriptor: CInt

  init() throws(Errno) { descriptor = try check(shim_epoll_create()) }
  deinit { _ = shim_close(descriptor) }

  func add(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_add(descriptor, fd, interest.rawValue, token.rawValue))
  }

  func modify(_ fd: CInt, _ interest: Readiness, _ token: Token) {
    mustSucceed(
      shim_epoll_modify(descriptor, fd, interest.rawValue, token.rawValue), "epoll_ctl(MOD)")
  }

  /// The same where there is another way when it fails.
  func change(_ fd: CInt, _ interest: Readiness, _ token: Token) throws(Errno) {
    _ = try check(shim_epoll_modify(descriptor, fd, interest.rawValue, token.rawValue))
  }

  func delete(_ fd: CInt) { mustSucceed(shim_epoll_delete(descriptor, fd), "epoll_ctl(DEL)") }

  /// Whether a wait would return at once; takes nothing (an epoll instance can be polled, epoll(7)).
  var hasEvents: Bool { shim_poll_readable(descriptor, -1, 0) & 1 != 0 }

  /// Fills the batch with what is ready, waiting at most `milliseconds` (-1: for ever).
  /// An interrupted wait returns an empty batch.
  func wait(_ batch: inout EventBatch, milliseconds: CInt) {
    let count = shim_epoll_wait(descriptor, batch.events, batch.capacity, milliseconds)
    if count < 0, count != -EINTR { mustSucceed(count, "epoll_wait") }
    batch.count = Int(max(0, count))
  }

  /// The same until a deadline, to within the thread's timer slack. A deadline that is near counts from
  /// the clock, not from `now`, which is as old as the loop's last turn.
  func wait(_ batch: inout EventBatch, until deadline: MonotonicTime, from now: MonotonicTime) {
    var left = deadline.nanoseconds - min(now.nanoseconds, deadline.nanoseconds)
    if left < 10_000_000 {
      left = deadline.nanoseconds - min(MonotonicTime.now.nanoseconds, deadline.nanoseconds)
    }
    let count = shim_epoll_wait_nanoseconds(descriptor, batch.events, batch.capacity, left)
    // A kernel before 5.11 counts in milliseconds only.
    if count == -ENOSYS { return wait(&batch, milliseconds: CInt(clamping: left / 1_000_000)) }
    if count < 0, count != -EINTR { mustSucceed(count, "epoll_pwait2") }
    batch.count = Int(max(0, count))
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
