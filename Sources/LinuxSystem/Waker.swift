// An eventfd(2) that wakes a thread out of epoll_wait. `signal` may be called from any thread.

import CEpollShim
import SystemPackage

package struct Waker: ~Copyable {
  package let descriptor: CInt

  package init() throws(Errno) { descriptor = try check(shim_eventfd()) }
  deinit { _ = shim_close(descriptor) }

  /// - Returns: false when write(2) has failed, so that nothing was woken.
  @discardableResult
  package func signal() -> Bool {
    while true {
      let result = shim_eventfd_signal(descriptor)
      if result != -Int(EINTR) { return result >= 0 }
    }
  }

  /// EAGAIN means that another thread has cleared it.
  package func clear() { _ = shim_eventfd_clear(descriptor) }
}
