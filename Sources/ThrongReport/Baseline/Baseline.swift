// Comparison with an earlier run of the same cells: changes, which of them are significant, and
// regressions. Values; any thread.

/// Results compared with those of an earlier run.
package struct Baseline: Sendable {
  /// Change of a metric of one cell.
  struct Change: Sendable, Equatable {
    let key: CellKey
    let metric: Metric
    let workload: Workload
    /// Median in the baseline, and now.
    let before: Double
    let now: Double
    /// Whether `before` is a lower bound, because the generator was the bottleneck in the baseline,
    /// and `now` is below it.
    let beforeIsBound: Bool
    /// Ratio of now to before; nil when it cannot be computed.
    let ratio: Ratio?

    /// Whether the change is significant (95 %) and above the floor of the metric.
    var isSignificant: Bool { [.less, .more].contains(outcome) }

    /// A significant change has the direction of its interval.
    var isWorse: Bool {
      isSignificant
        ? (outcome == .less) == metric.higherIsBetter
        : metric.higherIsBetter ? now < before : now > before
    }

    func isRegression(_ tolerance: Double) -> Bool {
      guard isSignificant, isWorse, let ratio else { return false }
      return (metric.higherIsBetter ? 1 / ratio.value : ratio.value) > 1 + tolerance
    }

    private var outcome: Ratio.Outcome? { ratio?.outcome(floor: metric.floor) }
  }

  /// A change that should fail continuous integration.
  enum Regression: Sendable, Equatable {
    /// Significantly worse by more than the tolerance.
    case worse(Change)
    /// Failed now and did not fail in the baseline; the reason as a sentence.
    case failed(CellKey, String)
  }

  /// All metrics that both runs have, in the order of the cells.
  private(set) var changes: [Change] = []
  /// In the order of the cells.
  private(set) var regressions: [Regression] = []
  /// Number of cells that were measured without a fault in the baseline, and measured or failed
  /// now. With 0, nothing is known about regressions.
  package private(set) var comparedCells = 0
  /// Limits of the comparison, in sentences.
  private(set) var remarks: [String] = []
  /// Relative change for the worse that is accepted: 0.05 for 5 %.
  let tolerance: Double
  let results: CompareResults

  package var hasRegressions: Bool { !regressions.isEmpty }

  /// - Parameter tolerance: relative change for the worse that is accepted: 0.05 for 5 %.
  package init(_ baseline: CompareResults, now results: CompareResults, tolerance: Double) {
    self.results = results
    self.tolerance = tolerance
    let before = Dictionary(baseline.cells.map { ($0.key, $0) }) { first, _ in first }
    let changed = ChangedWorkloads(baseline, results)
    for cell in results.cells {
      guard let workload = results.workload(cell.workload), let old = before[cell.key],
        old.isSound, changed[cell.workload] == nil
      else { continue }
      if cell.isSound || cell.failure != nil { comparedCells += 1 }
      if let failure = cell.failure { regressions.append(.failed(cell.key, failure)) }
      guard cell.isSound else { continue }
      let found = Metric.all.compactMap { Self.change($0, workload, old, cell) }
      changes += found
      regressions += found.filter { $0.isRegression(tolerance) }.map(Regression.worse)
    }
    remarks = Self.remarks(baseline, results) + changed.sentences
  }

  private static func change(
    _ metric: Metric, _ workload: Workload, _ old: Cell, _ cell: Cell
  ) -> Change? {
    if metric.suffersFromSaturation, cell.isSaturated(metric) { return nil }
    // Latency and CPU depend on the load.
    if metric.isAtEqualLoad,
      old.equalLoad?.messagesPerSecond != cell.equalLoad?.messagesPerSecond
    {
      return nil
    }
    // A lower bound allows one conclusion: that an exact value lies below it.
    let isBound = metric.suffersFromSaturation && old.isSaturated(metric)
    if isBound, !metric.isLowerBoundWhenSaturated { return nil }
    guard let before = old.estimate(metric), let now = cell.estimate(metric) else { return nil }
    let least = metric.resolution(workload, cell.connections)
    let ratio = Ratio(
      independent: cell.values(metric).values.map { max($0, least) },
      to: old.values(metric).values.map { max($0, least) }
    ).map { abs(before.median - now.median) < least ? $0.withinResolution : $0 }
    let change = Change(
      key: cell.key, metric: metric, workload: workload, before: before.median, now: now.median,
      beforeIsBound: isBound, ratio: ratio)
    return isBound && !(change.isSignificant && change.isWorse) ? nil : change
  }

  private static func remarks(_ baseline: CompareResults, _ now: CompareResults) -> [String] {
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
      remarks.append("\(Phrase.cells(fresh)) \(fresh == 1 ? "is" : "are") not in the baseline.")
    }
    let measured = Set(now.cells.filter { $0.isSound || $0.failure != nil }.map(\.key))
    let lost = baseline.cells.count { $0.isSound && !measured.contains($0.key) }
    if lost > 0 {
      remarks.append(
        "\(Phrase.cells(lost)) of the baseline \(lost == 1 ? "was" : "were") not measured now, so a"
          + " regression there is not detected.")
    }
    return remarks
  }
}

/// Workloads with the same id but different parameters in two runs; their cells cannot be compared.
private struct ChangedWorkloads {
  /// The number of affected cells, and the differences: `size`, or `depth and server flags`.
  private let differences: [(id: Workload.ID, cells: Int, what: String)]

  init(_ baseline: CompareResults, _ now: CompareResults) {
    let keys = Set(baseline.cells.map(\.key))
    differences = now.workloads.compactMap { new in
      guard let old = baseline.workload(new.id), let what = Self.difference(old, new) else {
        return nil
      }
      let cells = now.cells.count { $0.workload == new.id && keys.contains($0.key) }
      return cells > 0 ? (new.id, cells, what) : nil
    }
  }

  /// The differences of a workload; nil when it is equal, or in one run only.
  subscript(id: Workload.ID) -> String? { differences.first { $0.id == id }?.what }

  var sentences: [String] {
    differences.map { id, cells, what in
      "\(Phrase.cells(cells)) \(cells == 1 ? "is" : "are") not compared, because \(id) had a different"
        + " \(what) in the baseline."
    }
  }

  /// Differences that affect the cells; titles and the numbers of connections do not.
  private static func difference(_ old: Workload, _ new: Workload) -> String? {
    let found = [
      ("size", old.size != new.size), ("depth", old.depth != new.depth),
      ("kind", old.kind != new.kind), ("server flags", old.serverFlags != new.serverFlags),
      ("generator flags", old.generatorFlags != new.generatorFlags),
    ].filter(\.1).map(\.0)
    return found.isEmpty ? nil : Phrase.list(found)
  }
}
