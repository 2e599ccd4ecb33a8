// pthread_create(3) with a stack size, and the monitor (mutex and condition) that threads wait on.

import CEpollShim
import SystemPackage

@usableFromInline
package struct Thread: ~Copyable, Sendable {
  private let handle: pthread_t

  /// Of every thread that this starts, as ps(1) and top(1) show it (pthread_setname_np(3)).
  package static let name = "throng-thread"

  /// The id of the calling thread. Equal ids mean the same thread while that thread lives.
  @inlinable @inline(__always)
  package static var currentID: UInt { shim_thread_id() }

  /// Starts a thread. EAGAIN when the system allows no more of them (`ulimit -u`), or when it would take
  /// the last of a limited address space (`ulimit -v`).
  /// - Parameter stackSize: bytes of address space; only the pages that are touched cost memory.
  package init(stackSize: Int, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    handle = try Thread.create(stackSize: stackSize, body)
  }

  package consuming func join() { pthread_join(handle, nil) }

  /// Instead of `join`.
  package consuming func detach() { pthread_detach(handle) }

  /// The same for a detached thread.
  package static func startDetached(
    stackSize: Int, _ body: @escaping @Sendable () -> Void
  ) throws(Errno) {
    pthread_detach(try create(stackSize: stackSize, body))
  }

  /// The same for a thread, and those that it starts, that no signal reaches: for threads that are started
  /// before the program has decided which of its threads handles signals.
  package static func startWithoutSignals(
    stackSize: Int, _ body: @escaping @Sendable () -> Void
  ) throws(Errno) {
    let before = SignalMask.allSignals.block()
    defer { before.apply() }
    try startDetached(stackSize: stackSize, body)
  }

  private static func create(
    stackSize: Int, _ body: @escaping @Sendable () -> Void
  ) throws(Errno) -> pthread_t {
    guard AddressSpace.hasRoom(forStack: stackSize) else { throw .resourceTemporarilyUnavailable }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    if pthread_attr_setstacksize(&attributes, stackSize) != 0 { throw .invalidArgument }
    let box = Unmanaged.passRetained(ThreadBody(body))
    var handle = pthread_t()
    let result = pthread_create(
      &handle, &attributes,
      { argument in
        _ = shim_name_thread(Thread.name)
        Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      box.release()
      throw Errno(rawValue: result)
    }
    return handle
  }
}

private final class ThreadBody {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// State that threads share and wait on (pthread_cond_wait(3)).
@usableFromInline
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
  // Invariant behind @unchecked: `state` is touched only while `mutex` is held. It is behind a pointer,
  // because a class's stored properties are checked for exclusive access at run time.
  @usableFromInline
  let state: UnsafeMutablePointer<State>
  @usableFromInline
  let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  @usableFromInline
  let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  @inlinable
  package init(_ state: consuming sending State) {
    self.state = .allocate(capacity: 1)
    self.state.initialize(to: state)
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    state.deinitialize(count: 1)
    state.deallocate()
    condition.deallocate()
    mutex.deallocate()
  }

  @inlinable @inline(__always)
  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state.pointee)
  }

  @inlinable
  package func wakeOne() { pthread_cond_signal(condition) }
  @inlinable
  package func wakeAll() { pthread_cond_broadcast(condition) }

  /// Runs `body` under the lock until it returns a value, waiting for a wake-up between the tries;
  /// `whileWaiting` notes the beginning and the end of each wait.
  @inlinable
  package func wait<Result>(
    until body: (inout State) -> Result?,
    whileWaiting note: (inout State, _ isWaiting: Bool) -> Void = { _, _ in }
  ) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state.pointee) { return result }
      note(&state.pointee, true)
      pthread_cond_wait(condition, mutex)
      note(&state.pointee, false)
    }
  }

  /// The same, but no longer than until the deadline; nil when it has come.
  @inlinable
  package func wait<Result>(
    until deadline: MonotonicTime, for body: (inout State) -> Result?
  ) -> Result? {
    if deadline == .never { return wait(until: body) }
    var time = timespec(
      tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
      tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state.pointee) { return result }
      if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT {
        return body(&state.pointee)
      }
    }
  }
}
