// What a comparison tells while it runs. Everything on its own thread.

import ThrongReport

package protocol CompareObserver: AnyObject {
  /// - Parameter number: of the measurement, from 1.
  func begins(_ task: CellTask, _ number: Int, of count: Int, _ timeLeft: Duration)
  /// - Parameter results: with the outcome in it, and saved already.
  func ended(_ task: CellTask, _ outcome: CellOutcome, _ results: CompareResults)
  /// A sentence that the report has too.
  func noted(_ note: String)
  func beginsCounting(_ task: CellTask, _ number: Int, of count: Int)
}
