// Counting with relaxed atomics: exact, and ordered with nothing else.

import Synchronization

extension Atomic<Int> {
  @inline(__always)
  func add(_ count: Int) { wrappingAdd(count, ordering: .relaxed) }
  @inline(__always)
  var value: Int { load(ordering: .relaxed) }
}
