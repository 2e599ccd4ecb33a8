// Progress callbacks of a comparison, on the thread that runs it.

import ThrongReport

package protocol CompareObserver: AnyObject {
  /// A measurement starts.
  /// - Parameter number: number of the measurement, from 1.
  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration)
  /// A measurement has ended.
  /// - Parameter results: all results so far, already saved.
  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults)
  /// A remark that is also in the report.
  func noted(_ note: String)
  /// Counting system calls of a cell starts.
  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int)
}
