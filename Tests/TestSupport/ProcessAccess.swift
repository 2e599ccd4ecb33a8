// Which suites may run at the same time in one process: a suite that counts the process's descriptors
// and threads runs while no other suite opens any of those.

import Testing

/// Exclusive access is held by a suite from its first test to its last, shared access by each test.
package struct ProcessAccess: SuiteTrait, TestTrait, TestScoping {
  fileprivate let isExclusive: Bool
  package var isRecursive: Bool { !isExclusive }
  private static let lock = ReaderWriterLock()

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Self.lock.acquire(isExclusive: isExclusive)
    defer { Self.lock.release() }
    try await function()
  }
}

extension Trait where Self == ProcessAccess {
  /// For suites that count epoll instances, eventfds, sockets and the library's threads, or that limit
  /// the process's resources.
  package static var countsResources: Self { Self(isExclusive: true) }
  /// For suites that open such things in this process, or start programs that need much memory.
  package static var opensResources: Self { Self(isExclusive: false) }
}

/// Suspends tasks. Exclusive access comes first: the suite that wants it takes longest.
private final class ReaderWriterLock: Sendable {
  private struct State: Sendable {
    /// -1 when held exclusively.
    var holders = 0
    var waiting: [(isExclusive: Bool, continuation: CheckedContinuation<Void, Never>)] = []

    mutating func take(isExclusive: Bool) -> Bool {
      guard isExclusive ? holders == 0 : holders >= 0 else { return false }
      holders = isExclusive ? -1 : holders + 1
      return true
    }

    /// Those that may go on now, in their order.
    mutating func admit() -> [CheckedContinuation<Void, Never>] {
      var admitted: [CheckedContinuation<Void, Never>] = []
      while let index = waiting.firstIndex(where: \.isExclusive) ?? waiting.indices.first,
        take(isExclusive: waiting[index].isExclusive)
      {
        admitted.append(waiting.remove(at: index).continuation)
      }
      return admitted
    }
  }

  private let state = Shared(State())

  func acquire(isExclusive: Bool) async {
    await withCheckedContinuation { continuation in
      let admitted = state.change { s in
        s.waiting.append((isExclusive, continuation))
        return s.admit()
      }
      for continuation in admitted { continuation.resume() }
    }
  }

  func release() {
    let admitted = state.change { s in
      s.holders = max(0, s.holders - 1)
      return s.admit()
    }
    for continuation in admitted { continuation.resume() }
  }
}
