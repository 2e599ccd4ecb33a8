// Progress callbacks of a benchmark.

/// Receives the progress of a benchmark, on the thread that called ``LoadRunner/run(observer:)``.
public protocol LoadObserver {
  /// A second of the measured time has passed. `rate` is the requested rate of the open loop.
  func interval(_ interval: IntervalResult, of options: LoadOptions, rate: Double?)

  /// Run number `number` of `count` starts; `count` is nil in a search, whose length is not known.
  func runBegins(_ number: Int, of count: Int?, rate: Double?)
}
