// Pauses of handlers on a load thread, ended by its timer. `Task.sleep` would need a thread of the
// global executor, which the caller of the benchmark may block.

import LinuxSystem

/// Paused tasks, unordered, because there are few. Owned by the loop's thread.
struct PauseList {
  private var paused: [(end: UInt64, continuation: UnsafeContinuation<Void, Never>)] = []

  mutating func add(_ continuation: UnsafeContinuation<Void, Never>, until end: UInt64) {
    paused.append((end, continuation))
  }

  /// Resumes the tasks whose pause is over.
  mutating func resume(_ now: UInt64) {
    for pause in paused where pause.end <= now { pause.continuation.resume() }
    paused.removeAll { $0.end <= now }
  }
}

extension LoadThread {
  /// Suspends a task of this loop, accurate to one tick of 20 ms.
  func pause(_ duration: Duration) async {
    await withUnsafeContinuation { continuation in
      pauses.add(continuation, until: Self.clock + UInt64(duration.nanoseconds))
    }
  }
}
