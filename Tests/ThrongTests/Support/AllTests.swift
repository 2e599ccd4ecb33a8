// The suite that all suites of this target are under, and an event loop on threads of a test.

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Throng

/// Everything is under this suite, so nothing else opens descriptors while a test counts them.
@Suite(.countsResources, .serialized, .timeLimit(.minutes(10)))
enum AllTests {}

extension EventLoop {
  /// Runs the loop on as many threads as it wants, until it is finished.
  func runOnItsThreads() {
    try? concurrently(threadCount) { [self] _ in run { error in fatalError("\(error)") } }
  }

  /// Each wait for events fails from now on with EINVAL: the descriptor of the epoll instance becomes
  /// one of something else. The threads that wait now are woken.
  func breakEvents() throws {
    let event = try Waker()
    try check(dup2(event.descriptor, epoll.descriptor) >= 0, "dup2")
    // It is of no source.
    wake(Token(slot: 0xffff_fffe, generation: 0))
  }
}
