// Progress callbacks of a benchmark.

/// Receives the progress of a benchmark, on the thread that called ``LoadRunner/run(observer:)``.
public protocol LoadObserver {
  /// An interval of the measured time has passed.
  func interval(_ interval: IntervalResult, of options: LoadOptions)

  /// Run number `number` of `count` starts; `count` is nil in a search, whose length is not known. `rate`
  /// is the requested rate of an open loop.
  func runBegins(_ number: Int, of count: Int?, rate: Double?)
}
