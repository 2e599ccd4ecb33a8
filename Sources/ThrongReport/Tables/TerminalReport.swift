// The report on a terminal: the verdict, a table for each workload with a row for each cell, the findings.
// A value; any thread.

/// The report as text of a given width.
struct TerminalReport {
  let measurements: Measurements
  let verdict: Verdict
  let baseline: Baseline?
  /// Characters of a line, at least 80.
  let width: Int
  /// Whether to use colours (ANSI X3.64).
  let isColored: Bool

  private var results: CompareResults { measurements.results }

  var text: String {
    head + results.workloads.map(section).joined() + recommendation + changes
  }

  private func section(_ workload: Workload) -> String {
    let text = tables(workload) + securityCost(workload) + findings(workload)
    return text.isEmpty ? "" : "\n" + colored(.bold, workload.title) + "\n" + text
  }

  // MARK: The verdict

  private var head: String {
    let color: Color = verdict.isInconclusive ? .yellow : .green
    var text = wrapped(verdict.advice, color)
    if !verdict.evidence.isEmpty { text += wrapped(verdict.evidence) }
    for (workload, verdict) in zip(results.workloads, verdict.workloads) {
      text += strip(workload, verdict)
    }
    if !verdict.command.isEmpty { text += "\n  \(TextTable.clean(verdict.command))\n" }
    return text
  }

  /// The best model at each number of clients, with the confidence.
  private func strip(_ workload: Workload, _ verdict: WorkloadVerdict) -> String {
    let rows = verdict.recommendations
    guard !rows.isEmpty else { return "" }
    let table = TextTable(
      [
        .init(title: "clients", fields: rows.map { Quantity.count($0.connections) }),
        .init(
          title: "best model", isLeft: true,
          fields: rows.map { Self.label(Phrase.list($0.models.map(\.label), "or")) }),
        .init(
          title: "confidence", isLeft: true, isFlexible: true, fields: rows.map(\.confidenceText)),
      ], width: width)
    let title = results.workloads.count > 1 ? workload.title + "\n" : ""
    return "\n\(title)\(table.text)"
  }

  private func findings(_ workload: Workload) -> String {
    guard let index = results.workloads.firstIndex(where: { $0.id == workload.id }) else {
      return ""
    }
    let verdict = verdict.workloads[index]
    let lines = verdict.findings.map(\.text) + verdict.remarks
    return lines.isEmpty ? "" : "\n" + lines.map { wrapped("  " + $0) }.joined()
  }

  private var recommendation: String {
    let lines = verdict.recommendation.map { "  " + $0 }
    let title = lines.isEmpty ? "" : "\n" + colored(.bold, "Recommendation") + "\n"
    let remarks = verdict.remarks.isEmpty ? "" : "\n" + verdict.remarks.map { wrapped($0) }.joined()
    return title + lines.map { wrapped($0) }.joined() + remarks
  }

  private var changes: String { baseline.map { "\n" + $0.text(width: width) } ?? "" }

  // MARK: Tables

  private func tables(_ workload: Workload) -> String {
    let cells = workload.connections.flatMap { connections in
      results.contenders.compactMap { contender in
        measurements.cell(workload, contender, connections).map { (contender, $0) }
      }
    }.filter { $0.1.failure != nil || !$0.1.samples.isEmpty }
    guard !cells.isEmpty else { return "" }
    let equal = cells.filter { $0.1.equalLoad?.samples.isEmpty == false }
    let rates = equal.compactMap(\.1.equalLoad?.messagesPerSecond)
    let equalTitle = rates.first.map {
      "\nat equal load, \(Quantity.rate($0, workload.shortUnit))\n"
    }
    return table(cells, workload, atEqualLoad: false)
      + (equalTitle.map { $0 + table(equal, workload, atEqualLoad: true) } ?? "") + legend(cells)
  }

  private func securityCost(_ workload: Workload) -> String {
    guard let cost = SecurityCost(workload, measurements) else { return "" }
    let rows = cost.rows
    let fields = rows.map(cost.fields)
    let columns: [TextTable.Column] =
      [
        .init(title: "clients", fields: rows.map { Quantity.count($0.connections) }),
        .init(
          title: "contender", isLeft: true, isFlexible: true,
          fields: rows.map { Self.label($0.contender.label) }),
      ]
      + cost.titles.enumerated().map { index, title in
        .init(title: title, fields: fields.map { $0[index] })
      }
    return "\n" + wrapped(cost.title) + TextTable(columns, width: width).text
      + wrapped("negotiated: \(cost.negotiated)")
  }

  private func table(
    _ cells: [(Contender, Cell)], _ workload: Workload, atEqualLoad: Bool
  ) -> String {
    var columns: [TextTable.Column] = [
      .init(title: "clients", fields: cells.map { Quantity.count($0.1.connections) }),
      .init(
        title: "contender", isLeft: true, isFlexible: true,
        fields: cells.map { Self.label($0.0.label) }),
    ]
    for metric in Metric.all where metric.isAtEqualLoad == atEqualLoad {
      columns.append(
        .init(
          title: metric.column(workload),
          fields: cells.map { Self.field(metric, $0.1, workload) }))
      guard metric.showsNoise else { continue }
      columns.append(
        .init(title: "±", dropOrder: 1, fields: cells.map { Self.noise(metric, $0.1) }))
    }
    if !atEqualLoad {
      let further = [(2, "msgs_per_cpu_s"), (3, "threads"), (4, "p50_us")]
      columns += further.compactMap { order, name in
        CellColumn.all.first { $0.name == name }.map { column in
          .init(
            title: column.head(workload), dropOrder: order,
            fields: cells.map { column.text($0.1, workload) ?? "-" })
        }
      }
    }
    return TextTable(columns, width: width).text
  }

  /// The column head has the unit of a rate.
  private static func field(_ metric: Metric, _ cell: Cell, _ workload: Workload) -> String {
    if cell.failure != nil { return metric == Metric.all[0] ? "failed" : "" }
    guard let value = cell.estimate(metric)?.median,
      metric.isResolved(value, workload, cell.connections)
    else { return "-" }
    let bound = cell.isSaturated(metric) && metric.isLowerBoundWhenSaturated ? ">=" : ""
    return bound + metric.format(value, workload).replacing(" \(workload.shortUnit)s/s", with: "")
  }

  private static func noise(_ metric: Metric, _ cell: Cell) -> String {
    cell.failure == nil ? cell.estimate(metric).flatMap(Quantity.noise) ?? "" : ""
  }

  private func legend(_ cells: [(Contender, Cell)]) -> String {
    var text = ""
    if cells.contains(where: { $0.1.samples.count > 1 }) {
      text += wrapped("±: half of the 95 % confidence interval of the median")
    }
    if cells.contains(where: { $0.1.isSound && $0.1.isSaturated }) {
      text += wrapped(">=: lower bound, the load generator was the bottleneck")
    }
    for (contender, cell) in cells {
      guard let failure = cell.failure else { continue }
      text += wrapped(
        "failed: \(contender.label), \(Phrase.clients(cell.connections)): \(failure)", .red)
    }
    return text
  }

  // MARK: Text

  private enum Color: Int { case bold = 1, red = 31, green, yellow }

  private func colored(_ color: Color, _ text: String) -> String {
    isColored ? "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m" : text
  }

  private func wrapped(_ text: String, _ color: Color? = nil) -> String {
    let text = TextTable.wrap(TextTable.clean(text), at: width)
    return color.map { colored($0, String(text.dropLast())) + "\n" } ?? text
  }

  private static func label(_ text: String) -> String { TextTable.clean(text, to: 24) }
}
