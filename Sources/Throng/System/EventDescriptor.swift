// An eventfd(2) that wakes a thread out of epoll_wait. `signal` may be called from any thread.

import CEpollShim
import SystemPackage

package struct EventDescriptor: ~Copyable {
  package let descriptor: CInt

  package init() throws(Errno) { descriptor = try check(shim_eventfd()) }
  deinit { _ = shim_close(descriptor) }

  /// EAGAIN means that the counter is full, so the reader is awake already.
  package func signal() { _ = shim_eventfd_signal(descriptor) }

  /// EAGAIN means that somebody else has cleared it.
  package func clear() { _ = shim_eventfd_clear(descriptor) }
}
