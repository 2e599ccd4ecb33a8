// An earlier run of the same cells: what has changed since, what of it is significant, and what is a
// regression.

/// The results beside those of an earlier run.
public struct Baseline: Sendable {
  /// A figure of a cell, then and now.
  public struct Change: Sendable, Equatable {
    public let key: CellKey
    public let metric: Metric
    public let before: Double
    /// The generator was the bottleneck then: it was at least `before`, and has fallen below that.
    public let beforeIsBound: Bool
    public let now: Double
    /// Of now to before; nil when it cannot be told.
    public let ratio: Ratio?
    /// All connections that were open, those that are held beside too.
    let openConnections: Int

    /// More than noise and more than the floor of the figure.
    public var isSignificant: Bool {
      let outcome = ratio?.outcome(floor: metric.floor)
      return outcome == .less || outcome == .more
    }

    var beforeText: String { (beforeIsBound ? "at least " : "") + text(before) }
    var nowText: String { text(now) }

    private func text(_ value: Double) -> String { metric.text(value, open: openConnections) }

    /// What is significant has the direction of its interval.
    public var isWorse: Bool {
      switch ratio?.outcome(floor: metric.floor) {
      case .less: metric.higherIsBetter
      case .more: !metric.higherIsBetter
      default: metric.higherIsBetter ? now < before : now > before
      }
    }
  }

  /// What a continuous integration should fail for.
  public enum Regression: Sendable, Equatable {
    /// Significantly worse, by more than the tolerance.
    case worse(Change)
    /// Measured well then, and failed now.
    case failed(CellKey, String)
  }

  /// All figures that both runs have, in the order of the cells.
  public let changes: [Change]
  public let regressions: [Regression]
  /// Cells that were measured well then, and either measured well or failed now. With none, nothing is
  /// known about regressions.
  public let comparedCells: Int
  /// What limits the comparison, in sentences.
  public let remarks: [String]
  public let tolerance: Double
  let results: CompareResults

  /// - Parameter tolerance: by how much a figure may become worse: 0.05 for 5 %.
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
    // Of a lower bound one thing can be told: that an exact value lies below it.
    let isBound = metric.suffersFromSaturation && old.isSaturated
    if isBound, metric != .throughput { return nil }
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
        "The baseline is of another machine (\(old.cpuModel), \(old.cores) cores, \(old.kernel)):"
          + " what has changed may be that.")
    }
    if baseline.method.seconds != now.method.seconds
      || baseline.method.serverProcessors.count != now.method.serverProcessors.count
    {
      remarks.append("The baseline was measured for another time, or on other processors.")
    }
    if (baseline.cells + now.cells).contains(where: { $0.isSound && $0.samples.count == 1 }) {
      remarks.append(
        "What was measured once has no interval, so its change is not called significant.")
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
          + " now: whether \(lost == 1 ? "it has" : "they have") become worse is not known.")
    }
    return remarks + others.sentences
  }
}

extension Baseline.Regression {
  var isFailure: Bool { if case .failed = self { true } else { false } }

  /// In a sentence, with the label of the contender.
  public func sentence(_ results: CompareResults) -> String {
    switch self {
    case .failed(let key, let failure):
      "\(Self.cellName(key, results)): failed, and did not before: \(failure)"
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
