// The rate of the measurements at equal load: half of what the slowest contender reached, so that no server
// and no generator is saturated. Any thread.

import Glibc
import ThrongLoad
import ThrongReport

enum EqualLoadRate {
  private static let share = 0.5

  /// Messages per second for a number of clients of a workload.
  /// - Returns: that of an interrupted comparison, if there is one; nil without measured contenders.
  static func of(_ task: CellTask, _ results: CompareResults) -> Double? {
    let cells = results.cells.filter {
      $0.workload == task.workload.id && $0.connections == task.connections
        && $0.failure == nil
    }
    if let earlier = cells.lazy.compactMap(\.equalLoad).first { return earlier.messagesPerSecond }
    let reached = cells.compactMap { Estimate($0.samples.map(\.messagesPerSecond))?.median }
    return reached.min().map { roundedDown($0 * share) }
  }

  /// Two significant digits, at least 1.
  private static func roundedDown(_ rate: Double) -> Double {
    guard rate >= 10 else { return max(1, rate.rounded(.down)) }
    let unit = pow(10, log10(rate).rounded(.down) - 1)
    return (rate / unit).rounded(.down) * unit
  }
}
