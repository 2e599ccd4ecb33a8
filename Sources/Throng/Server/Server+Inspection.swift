// What a server says about itself while it runs, to those that watch it. Any thread; the loops answer when
// they come to it, and are not waited for when they do not.

import LinuxSystem

extension Server {
  /// How long a loop may take to say what its connections do.
  private static let inspectionTime = Duration.seconds(1)

  /// Has every loop handle a wakeup, and measures how long that takes: see ``Metrics/Loop/delay``. Does not
  /// wait. To be called before ``metrics`` is read, about once a second.
  public func probeLoops() {
    let now = MonotonicTime.now
    for serverLoop in runningLoops where serverLoop.probe.begin(now: now) { serverLoop.wake() }
  }

  /// The most conspicuous connections. Each loop looks at all of its connections for this, which holds up
  /// its clients for a moment: about a millisecond for 10,000 connections.
  /// - Parameter limit: how many connections each list has.
  /// - Returns: within a second. A loop that a handler blocks for longer does not answer.
  public func inspectConnections(limit: Int) async -> ConnectionReport {
    let serverLoops = runningLoops
    let inspection = ConnectionInspection(loops: serverLoops.count, limit: limit)
    if serverLoops.isEmpty { inspection.finish() }
    for (index, serverLoop) in serverLoops.enumerated() {
      serverLoop.inspect(inspection, as: index)
    }
    let timer = Task {
      try await Task.sleep(for: Self.inspectionTime)
      inspection.finish()
    }
    defer { timer.cancel() }
    return await inspection.report()
  }
}
