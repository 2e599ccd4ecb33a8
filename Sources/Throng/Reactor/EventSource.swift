// Whatever a driver calls when something has happened: a connection, a listener, a server's own timers.

/// Calls come from a thread of the driver, one at a time for each source.
protocol EventSource: AnyObject, Sendable {
  /// The descriptor is ready. `buffer` is the calling thread's receive buffer.
  func ready(_ readiness: Readiness, _ buffer: inout ReceiveBuffer)

  /// The source's timer has fired or somebody has poked it: look at your deadlines and your state.
  func attend(now: MonotonicTime)
}
