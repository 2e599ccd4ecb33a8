// Numbers a server's connections, over all its loops.

import Synchronization

final class ConnectionIDs: Sendable {
  private let last = Atomic<Int>(0)
  func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
