// The results on a terminal: a table for each workload, a row for each cell. Any thread.

import LinuxSystem

/// Tables for a terminal of a given width.
struct TerminalTable {
  let results: CompareResults
  /// Characters of a line; below 100, noise and threads are omitted.
  let width: Int

  private static let longestLabel = 24
  private static let shortestLabel = 8
  private var isWide: Bool { width >= 100 }

  var text: String {
    results.workloads.compactMap { workload in
      table(workload).map { workload.title + "\n" + $0.text }
    }.joined(separator: "\n") + legend
  }

  /// The table with labels as long as the width allows; nil without rows.
  private func table(_ workload: Workload) -> TextTable? {
    for length in (Self.shortestLabel...Self.longestLabel).reversed() {
      let rows = rows(workload, labelLength: length)
      guard !rows.isEmpty else { return nil }
      var table = TextTable(columns(workload))
      for row in rows { table.add(row) }
      if table.width <= width || length == Self.shortestLabel { return table }
    }
    return nil
  }

  private func columns(_ workload: Workload) -> [(title: String, side: TextTable.Side)] {
    var columns: [(title: String, side: TextTable.Side)] = [
      ("clients", .right), ("contender", .left),
    ]
    for metric in Metric.allCases {
      if metric == .p99 { columns.append(("p50", .right)) }
      columns.append((metric.column(workload.shortUnit), .right))
      if isWide, metric.showsNoise { columns.append(("±", .right)) }
    }
    return columns + (isWide ? [("threads", .right)] : [])
  }

  private func rows(_ workload: Workload, labelLength: Int) -> [[String]] {
    let measurements = Measurements(results)
    return workload.connections.flatMap { connections in
      results.contenders.compactMap { contender in
        measurements.cell(workload, contender, connections).flatMap {
          row($0, workload, TextTable.clean(contender.label, to: labelLength))
        }
      }
    }
  }

  private func row(_ cell: Cell, _ workload: Workload, _ label: String) -> [String]? {
    var row = [Quantity.count(cell.connections), label]
    if cell.failure != nil {
      return row + ["failed"] + Array(repeating: "", count: columns(workload).count - 3)
    }
    guard !cell.samples.isEmpty else { return nil }
    for metric in Metric.allCases {
      if metric == .p99 { row.append(Self.time(cell.median { $0.p50.map { Double($0) } })) }
      let estimate = cell.estimate(metric)
      row.append(estimate.map { field(metric, $0.median, cell, workload) } ?? "-")
      if isWide, metric.showsNoise { row.append(estimate.flatMap(Quantity.noise) ?? "") }
    }
    guard isWide else { return row }
    return row + [cell.median { $0.threads.map { Double($0) } }.map(Quantity.grouped) ?? "-"]
  }

  /// The column head has the unit of a rate.
  private func field(
    _ metric: Metric, _ value: Double, _ cell: Cell, _ workload: Workload
  ) -> String {
    guard metric.isResolved(value, open: workload.openConnections(cell.connections)) else {
      return "-"
    }
    let bound = cell.isSaturated && metric.isLowerBoundWhenSaturated ? ">=" : ""
    return bound + metric.text(value).replacing("/s", with: "")
  }

  private static func time(_ nanoseconds: Double?) -> String {
    nanoseconds.map(Quantity.time) ?? "-"
  }

  private var legend: String {
    var lines: [String] = []
    if isWide, results.cells.contains(where: { $0.samples.count > 1 }) {
      lines.append("±: half of the 95 % confidence interval of the median")
    }
    if results.cells.contains(where: { $0.isSound && $0.isSaturated }) {
      lines.append(">=: lower bound, the load generator was the bottleneck")
    }
    for cell in results.cells {
      guard let failure = cell.failure else { continue }
      let label = results.contender(cell.contender)?.label ?? cell.contender
      let cellName = "\(cell.workload), \(Phrase.clients(cell.connections))"
      lines.append(TextTable.clean("failed: \(label), \(cellName): \(failure)", to: 1000))
    }
    return lines.isEmpty ? "" : "\n" + lines.joined(separator: "\n") + "\n"
  }
}
