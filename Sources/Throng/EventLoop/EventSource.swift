// Whatever a loop calls when something has happened: a connection, a listener, a server's own timers.

import LinuxSystem

/// Calls come from a thread of the loop, one at a time for each source.
protocol EventSource: AnyObject, Sendable {
  /// The descriptor is ready. `buffer` is the calling thread's receive buffer.
  func handleEvents(_ readiness: Readiness, _ buffer: inout ReceiveBuffer)

  /// The source's timer has fired, or `wake` was called for it.
  func handleWakeup(now: MonotonicTime)
}
