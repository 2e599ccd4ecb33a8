// What a handler under test waits at until the test lets it through: a condition, not a time.

import Synchronization

/// Closed at first. Tasks suspend at it until it is opened, which lets all through from then on.
package final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  package init() {}

  package func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { s in
        if !s.isOpen { s.waiting.append(continuation) }
        return s.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  package func open() {
    let waiting = state.withLock { s in
      s.isOpen = true
      defer { s.waiting = [] }
      return s.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
