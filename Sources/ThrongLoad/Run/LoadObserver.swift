// Whoever wants to see a run while it goes on.

/// Told of a run's progress, on the thread that runs it.
public protocol LoadObserver {
  /// A second of a measurement is over. `rate` is that of the open loop.
  func interval(_ interval: IntervalResult, of options: LoadOptions, rate: Double?)

  /// A measurement begins: the `number`-th of `count`; `count` is nil where that is not known.
  func runBegins(_ number: Int, of count: Int?, rate: Double?)
}
