// Counting with relaxed atomics: exact, and ordered with nothing else.

import Synchronization

extension Atomic<Int> {
  @inlinable @inline(__always)
  package func add(_ count: Int) { wrappingAdd(count, ordering: .relaxed) }
  @inlinable @inline(__always)
  package var value: Int { load(ordering: .relaxed) }
}
