// Text of the changes since a baseline, for a terminal.

import LinuxSystem

extension Baseline {
  /// A table with the change of each metric, then a sentence for each regression. `*` marks
  /// significant changes, `!` regressions.
  public func text() -> String {
    let changed = Dictionary(grouping: changes, by: \.key)
    var text = ""
    for workload in results.workloads {
      let keys = results.cells.map(\.key).filter { $0.workload == workload.id }
      let rows = keys.compactMap { key in changed[key].map { row(key, $0) } }
      guard !rows.isEmpty else { continue }
      var table = TextTable(
        [("clients", .right), ("contender", .left)]
          + Metric.allCases.map { ($0.column(workload.shortUnit), .right) })
      for row in rows { table.add(row) }
      text += workload.title + ", change since the baseline\n" + table.text + "\n"
    }
    if changes.contains(where: \.isSignificant) { text += "*: significant change (95 %)\n" }
    for remark in remarks { text += TextTable.clean(remark, to: 1000) + "\n" }
    if comparedCells == 0 { return text + Self.nothingCompared + "\n" }
    if regressions.isEmpty {
      return text + "no regression beyond \(Quantity.percent(tolerance))\n"
    }
    return text
      + regressions.map { TextTable.clean("regression: \($0.sentence(results))", to: 1000) + "\n" }
      .joined()
  }

  static let nothingCompared =
    "No cell was measured in both runs; nothing can be compared with the baseline."

  private func row(_ key: CellKey, _ changes: [Change]) -> [String] {
    let label = results.contender(key.contender)?.label ?? key.contender
    return [Quantity.count(key.connections), TextTable.clean(label, to: 20)]
      + Metric.allCases.map { metric in
        changes.first { $0.metric == metric }.map(field) ?? "-"
      }
  }

  private func field(_ change: Change) -> String {
    let mark =
      regressions.contains(.worse(change)) ? "!" : change.isSignificant ? "*" : " "
    guard let ratio = change.ratio else { return "?" + mark }
    return Quantity.change(ratio.value) + mark
  }
}
