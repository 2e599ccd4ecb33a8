// Pauses of handlers that run on a worker's loop: ended by its clock. `Task.sleep` would need a thread of
// the process's pool, which whoever waits for the run may occupy.

/// Tasks that pause, in no order: they are few. Belongs to the loop's thread.
struct PauseList {
  private var paused: [(end: UInt64, continuation: UnsafeContinuation<Void, Never>)] = []

  mutating func add(_ continuation: UnsafeContinuation<Void, Never>, until end: UInt64) {
    paused.append((end, continuation))
  }

  /// Resumes those whose time is over.
  mutating func resume(_ now: UInt64) {
    for pause in paused where pause.end <= now { pause.continuation.resume() }
    paused.removeAll { $0.end <= now }
  }
}

extension LoadThread {
  /// Suspends a task of the loop's thread, to within a tick of 20 ms.
  final func pause(_ duration: Duration) async {
    await withUnsafeContinuation { continuation in
      pauses.add(continuation, until: Self.clock + UInt64(duration.nanoseconds))
    }
  }
}
