// What a server counts. Relaxed atomics: each figure is exact, a set of them read while the server
// runs is not one moment's.

import Synchronization

final class Counters: Sendable {
  let accepted = Atomic<Int>(0)
  let open = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let timedOut = Atomic<Int>(0)
  let lost = Atomic<Int>(0)
  let failedHandlers = Atomic<Int>(0)
  let acceptPauses = Atomic<Int>(0)
  let droppedMessages = Atomic<Int>(0)
  let receives = Atomic<Int>(0)
  let receivedBytes = Atomic<Int>(0)
  let sends = Atomic<Int>(0)
  let sentBytes = Atomic<Int>(0)
}

extension Atomic<Int> {
  func add(_ count: Int) { wrappingAdd(count, ordering: .relaxed) }
  var value: Int { load(ordering: .relaxed) }
}
