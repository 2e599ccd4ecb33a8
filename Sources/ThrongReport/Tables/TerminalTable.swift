// The results on a terminal: a table for each workload, a row for each cell.

/// Tables that fit a terminal.
struct TerminalTable {
  let results: CompareResults
  /// Characters of a line: below 100 the noise is left out, and the threads.
  let width: Int

  private static let longestLabel = 24
  private static let shortestLabel = 8
  private var isWide: Bool { width >= 100 }

  var text: String {
    results.workloads.compactMap { workload in
      table(workload).map { workload.title + "\n" + $0.text }
    }.joined(separator: "\n") + legend
  }

  /// With labels as long as there is room for; nil without rows.
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
    [("clients", .right), ("contender", .left), (rateTitle(workload), .right)]
      + (isWide ? [("±", .right)] : [])
      + [("p50", .right), ("p99", .right), ("CPU/\(short(workload))", .right)]
      + (isWide ? [("±", .right)] : [])
      + [("mem/conn", .right)] + (isWide ? [("threads", .right)] : [])
  }

  private func rateTitle(_ workload: Workload) -> String {
    workload.unit == "message" ? "msgs/s" : workload.unit == "connection" ? "conns/s" : "deliv/s"
  }

  private func short(_ workload: Workload) -> String {
    workload.unit == "message" ? "msg" : workload.unit == "connection" ? "conn" : "deliv"
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
    let start = [Quantity.count(cell.connections), label]
    if cell.failure != nil {
      return start + ["failed"] + Array(repeating: "", count: isWide ? 7 : 4)
    }
    guard !cell.samples.isEmpty else { return nil }
    let mark = cell.isSaturated ? ">=" : ""
    let throughput = cell.estimate(.throughput)
    let cpu = cell.estimate(.cpu)
    let rate = throughput.map { Quantity.rate($0.median).replacing("/s", with: "") } ?? "-"
    return start + [mark + rate] + (isWide ? [Self.noise(throughput)] : [])
      + [
        Self.time(cell.median { $0.p50.map { Double($0) } }),
        Self.time(cell.median(Metric.p99.value)),
        cpu.map { Metric.cpu.text($0.median) } ?? "-",
      ] + (isWide ? [Self.noise(cpu)] : [])
      + [
        cell.estimate(.memory).map {
          Metric.memory.isResolved($0.median, open: workload.openConnections(cell.connections))
            ? Metric.memory.text($0.median) : "-"
        } ?? "-"
      ]
      + (isWide ? [cell.median { $0.threads.map { Double($0) } }.map(Quantity.grouped) ?? "-"] : [])
  }

  private static func time(_ nanoseconds: Double?) -> String {
    nanoseconds.map(Quantity.time) ?? "-"
  }

  private static func noise(_ estimate: MedianEstimate?) -> String {
    estimate.flatMap(Quantity.noise) ?? ""
  }

  private var legend: String {
    var lines: [String] = []
    if isWide, results.cells.contains(where: { $0.samples.count > 1 }) {
      lines.append("±: half of the 95 % confidence interval of the median")
    }
    if results.cells.contains(where: { $0.isSound && $0.isSaturated }) {
      lines.append(">=: the generator was the bottleneck, so this is a lower bound")
    }
    for cell in results.cells {
      guard let failure = cell.failure else { continue }
      let label = results.contender(cell.contender)?.label ?? cell.contender
      let place = "\(cell.workload), \(Phrase.clients(cell.connections))"
      lines.append(TextTable.clean("failed: \(label), \(place): \(failure)", to: 1000))
    }
    return lines.isEmpty ? "" : "\n" + lines.joined(separator: "\n") + "\n"
  }
}
