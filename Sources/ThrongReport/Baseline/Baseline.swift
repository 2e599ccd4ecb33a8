// Comparison with an earlier run of the same cells: changes, which of them are significant, and
// regressions. Values; any thread.

import LinuxSystem

/// Results compared with those of an earlier run.
public struct Baseline: Sendable {
  /// Change of a metric of one cell.
  public struct Change: Sendable, Equatable {
    /// The cell.
    public let key: CellKey
    /// The metric.
    public let metric: Metric
    /// Median in the baseline.
    public let before: Double
    /// Whether `before` is a lower bound, because the generator was the bottleneck in the baseline,
    /// and `now` is below it.
    public let beforeIsBound: Bool
    /// Median now.
    public let now: Double
    /// Ratio of now to before; nil when it cannot be computed.
    public let ratio: Ratio?
    /// All open connections of the server, idle ones included.
    let openConnections: Int

    /// Whether the change is significant (95 %) and above the floor of the metric.
    public var isSignificant: Bool {
      let outcome = ratio?.outcome(floor: metric.floor)
      return outcome == .less || outcome == .more
    }

    var beforeText: String { (beforeIsBound ? "at least " : "") + text(before) }
    var nowText: String { text(now) }

    private func text(_ value: Double) -> String { metric.text(value, open: openConnections) }

    /// A significant change has the direction of its interval.
    public var isWorse: Bool {
      switch ratio?.outcome(floor: metric.floor) {
      case .less: metric.higherIsBetter
      case .more: !metric.higherIsBetter
      default: metric.higherIsBetter ? now < before : now > before
      }
    }
  }

  /// A change that should fail continuous integration.
  public enum Regression: Sendable, Equatable {
    /// Significantly worse by more than the tolerance.
    case worse(Change)
    /// Failed now and did not fail in the baseline; the reason as a sentence.
    case failed(CellKey, String)
  }

  /// All metrics that both runs have, in the order of the cells.
  public let changes: [Change]
  /// Regressions, in the order of the cells.
  public let regressions: [Regression]
  /// Number of cells that were measured without a fault in the baseline, and measured or failed
  /// now. With 0, nothing is known about regressions.
  public let comparedCells: Int
  /// Limits of the comparison, in sentences.
  public let remarks: [String]
  /// Relative change for the worse that is accepted: 0.05 for 5 %.
  public let tolerance: Double
  let results: CompareResults

  /// Compares results with a baseline.
  /// - Parameter tolerance: relative change for the worse that is accepted: 0.05 for 5 %.
  public init(_ baseline: CompareResults, now results: CompareResults, tolerance: Double) {
    self.results = results
    self.tolerance = tolerance
    let before = Dictionary(baseline.cells.map { ($0.key, $0) }) { first, _ in first }
    let others = ChangedWorkloads(baseline, results)
    var compared = 0
    var changes: [Change] = []
    var regressions: [Regression] = []
    for cell in results.cells {
      guard let workload = results.workload(cell.workload), let old = before[cell.key],
        old.isSound, others[cell.workload] == nil
      else { continue }
      if cell.isSound || cell.failure != nil { compared += 1 }
      if let failure = cell.failure { regressions.append(.failed(cell.key, failure)) }
      guard cell.isSound else { continue }
      let all = Metric.allCases.compactMap { Self.change($0, workload, old, cell) }
      changes += all
      regressions += all.filter { Self.isRegression($0, tolerance) }.map(Regression.worse)
    }
    self.changes = changes
    self.regressions = regressions
    comparedCells = compared
    remarks = Self.remarks(baseline, results, others)
  }

  private static func change(
    _ metric: Metric, _ workload: Workload, _ old: Cell, _ cell: Cell
  ) -> Change? {
    if metric.suffersFromSaturation, cell.isSaturated { return nil }
    // A lower bound allows one conclusion: that an exact value lies below it.
    let isBound = metric.suffersFromSaturation && old.isSaturated
    if isBound, !metric.isLowerBoundWhenSaturated { return nil }
    guard let before = old.estimate(metric), let now = cell.estimate(metric) else { return nil }
    let open = workload.openConnections(cell.connections)
    let least = metric.resolution(open: open)
    let ratio = Ratio(
      independent: cell.values(metric).values.map { max($0, least) },
      to: old.values(metric).values.map { max($0, least) }
    ).map { abs(before.median - now.median) < least ? $0.withinResolution : $0 }
    let change = Change(
      key: cell.key, metric: metric, before: before.median, beforeIsBound: isBound,
      now: now.median, ratio: ratio, openConnections: open)
    return isBound && !(change.isSignificant && change.isWorse) ? nil : change
  }

  private static func isRegression(_ change: Change, _ tolerance: Double) -> Bool {
    guard change.isSignificant, change.isWorse, let ratio = change.ratio else { return false }
    let worsening = change.metric.higherIsBetter ? 1 / ratio.value : ratio.value
    return worsening > 1 + tolerance
  }

  private static func remarks(
    _ baseline: CompareResults, _ now: CompareResults, _ others: ChangedWorkloads
  ) -> [String] {
    var remarks: [String] = []
    let (old, new) = (baseline.machine, now.machine)
    if (old.cpuModel, old.cores, old.kernel) != (new.cpuModel, new.cores, new.kernel) {
      remarks.append(
        "The baseline was measured on another machine (\(old.cpuModel), \(old.cores) cores, \(old.kernel)):"
          + " changes may be due to that.")
    }
    if baseline.method.seconds != now.method.seconds
      || baseline.method.serverProcessors.count != now.method.serverProcessors.count
    {
      remarks.append("The baseline was measured with another duration or other processors.")
    }
    if (baseline.cells + now.cells).contains(where: { $0.isSound && $0.samples.count == 1 }) {
      remarks.append(
        "Cells measured once have no interval, so their changes are not called significant.")
    }
    let keys = Set(baseline.cells.map(\.key))
    let fresh = now.cells.count { !keys.contains($0.key) }
    if fresh > 0 {
      remarks.append("\(fresh) cell\(fresh == 1 ? " is" : "s are") not in the baseline.")
    }
    let measured = Set(now.cells.filter { $0.isSound || $0.failure != nil }.map(\.key))
    let lost = baseline.cells.count { $0.isSound && !measured.contains($0.key) }
    if lost > 0 {
      remarks.append(
        "\(lost) cell\(lost == 1 ? " of the baseline was" : "s of the baseline were") not measured"
          + " now, so a regression there is not detected.")
    }
    return remarks + others.sentences
  }
}

extension Baseline.Regression {
  var isFailure: Bool { if case .failed = self { true } else { false } }

  /// The regression in one sentence, with the label of the contender.
  public func sentence(_ results: CompareResults) -> String {
    switch self {
    case .failed(let key, let failure):
      "\(Self.cellName(key, results)): failed, and succeeded in the baseline: \(failure)"
    case .worse(let change):
      "\(Self.cellName(change.key, results)): \(change.metric.name)"
        + " \(change.beforeText) -> \(change.nowText)"
        + " (\(Quantity.change(change.ratio?.value ?? change.now / change.before))"
        + "\(change.beforeIsBound ? " or more" : ""))"
    }
  }

  private static func cellName(_ key: CellKey, _ results: CompareResults) -> String {
    let label = results.contender(key.contender)?.label ?? key.contender
    return TextTable.clean(
      "\(label), \(results.workload(key.workload)?.title ?? key.workload),"
        + " \(Phrase.clients(key.connections))", to: 200)
  }
}
