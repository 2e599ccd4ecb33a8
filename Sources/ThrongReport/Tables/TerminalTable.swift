// The results on a terminal: a table for each workload, a row for each cell.

/// Tables that fit a terminal.
struct TerminalTable {
  let results: CompareResults
  /// Characters of a line: below 100 the noise is left out, and the threads.
  let width: Int

  private static let labelLength = 20
  private var isWide: Bool { width >= 100 }

  var text: String {
    results.workloads.compactMap { workload in
      let rows = rows(workload)
      guard !rows.isEmpty else { return nil }
      var table = TextTable(columns(workload))
      for row in rows { table.add(row) }
      return workload.title + "\n" + table.text
    }.joined(separator: "\n") + legend
  }

  private func columns(_ workload: Workload) -> [(title: String, side: TextTable.Side)] {
    [("clients", .right), ("contender", .left), ("\(workload.unit)s/s", .right)]
      + (isWide ? [("±", .right)] : [])
      + [("p50", .right), ("p99", .right), ("CPU/\(short(workload))", .right)]
      + (isWide ? [("±", .right)] : [])
      + [("memory/conn", .right)] + (isWide ? [("threads", .right)] : [])
  }

  private func short(_ workload: Workload) -> String {
    workload.unit == "message" ? "msg" : workload.unit == "connection" ? "conn" : workload.unit
  }

  private func rows(_ workload: Workload) -> [[String]] {
    let measurements = Measurements(results)
    return workload.connections.flatMap { connections in
      results.contenders.compactMap { contender in
        measurements.cell(workload, contender, connections).flatMap { row($0, contender.label) }
      }
    }
  }

  private func row(_ cell: Cell, _ label: String) -> [String]? {
    let name = TextTable.clean(label, to: Self.labelLength)
    let start = [Quantity.count(cell.connections), name]
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
        Self.time(cell.median(Figure.p99.value)),
        cpu.map { Figure.cpu.text($0.median) } ?? "-",
      ] + (isWide ? [Self.noise(cpu)] : [])
      + [cell.estimate(.memory).map { Figure.memory.text($0.median) } ?? "-"]
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
