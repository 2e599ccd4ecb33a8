// Text of the changes since a baseline. Any thread.

extension Baseline {
  /// A table with the change of each metric, then a sentence for each regression. `*` marks
  /// significant changes, `!` regressions.
  func text(width: Int) -> String {
    let changed = Dictionary(grouping: changes, by: \.key)
    var text = ""
    for workload in results.workloads {
      let keys = results.cells.map(\.key).filter {
        $0.workload == workload.id && changed[$0] != nil
      }
      guard !keys.isEmpty else { continue }
      var columns: [TextTable.Column] = [
        .init(title: "clients", fields: keys.map { Quantity.count($0.connections) }),
        .init(
          title: "contender", isLeft: true, isFlexible: true,
          fields: keys.map { TextTable.clean(label($0), to: 24) }),
      ]
      for metric in Metric.all where changes.contains(where: { $0.metric == metric }) {
        columns.append(
          .init(
            title: metric.isAtEqualLoad
              ? "= \(metric.column(workload))" : metric.column(workload),
            fields: keys.map { key in
              changed[key]?.first { $0.metric == metric }.map(field) ?? "-"
            }))
      }
      text +=
        "\(workload.title), change since the baseline\n\(TextTable(columns, width: width).text)\n"
    }
    var lines: [String] = []
    if changes.contains(where: \.isSignificant) { lines.append("*: significant change (95 %)") }
    if changes.contains(where: \.metric.isAtEqualLoad) { lines.append("=: at equal load") }
    lines += remarks
    if comparedCells == 0 {
      lines.append(Self.nothingCompared)
    } else if regressions.isEmpty {
      lines.append("no regression beyond \(Quantity.percent(tolerance))")
    }
    lines += regressions.map { "regression: \(sentence($0))" }
    return text + lines.map { TextTable.wrap(TextTable.clean($0), at: width) }.joined()
  }

  static let nothingCompared =
    "No cell was measured in both runs; nothing can be compared with the baseline."

  private func field(_ change: Change) -> String {
    let mark =
      regressions.contains(.worse(change)) ? "!" : change.isSignificant ? "*" : " "
    guard let ratio = change.ratio else { return "?" + mark }
    return Quantity.change(ratio.value) + mark
  }

  func label(_ key: CellKey) -> String {
    results.contender(key.contender)?.label ?? key.contender
  }

  /// The regression in one sentence.
  func sentence(_ regression: Regression) -> String {
    switch regression {
    case .failed(let key, let failure):
      return "\(name(key)): failed, and succeeded in the baseline: \(failure)"
    case .worse(let change):
      let ratio = change.ratio?.value ?? change.now / change.before
      return "\(name(change.key)): \(change.metric.name) \(change.beforeText) -> \(change.nowText)"
        + " (\(Quantity.change(ratio))\(change.beforeIsBound ? " or more" : ""))"
    }
  }

  private func name(_ key: CellKey) -> String {
    let workload = results.workload(key.workload)?.title ?? key.workload
    return "\(label(key)), \(workload), \(Phrase.clients(key.connections))"
  }
}

extension Baseline.Change {
  var beforeText: String { (beforeIsBound ? "at least " : "") + text(before) }
  var nowText: String { text(now) }

  private func text(_ value: Double) -> String { metric.text(value, workload, key.connections) }
}
