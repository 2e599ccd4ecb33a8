// results.csv: a row for each cell, according to RFC 4180. Any thread.

extension CompareResults {
  /// A header and a row for each cell: medians, the 95 % intervals of the metrics, and the state of
  /// the cell. Values that were not measured are empty.
  public var csv: String {
    let header =
      ["workload", "contender", "label", "connections", "samples"]
      + CellColumn.all.map(\.name)
      + Metric.all.flatMap { ["\($0.id)_low", "\($0.id)_high"] }
      + [
        "equal_load_messages_per_s", "system_calls_per_msg", "verified_messages", "saturated",
        "failure", "command",
      ]
    return CSV.row(header) + cells.map(row).joined()
  }

  private func row(_ cell: Cell) -> String {
    let label = contender(cell.contender)?.label ?? cell.contender
    var fields = [
      cell.workload, cell.contender, label, "\(cell.connections)", "\(cell.samples.count)",
    ]
    fields += CellColumn.all.map { column in CSV.number(column.value(cell), column.csvScale) }
    for metric in Metric.all {
      let interval = cell.estimate(metric)?.interval
      fields += [
        CSV.number(interval?.low, metric.csvScale), CSV.number(interval?.high, metric.csvScale),
      ]
    }
    fields += [
      CSV.number(cell.equalLoad?.messagesPerSecond), CSV.number(cell.allSystemCallsPerMessage),
      "\(cell.samples.reduce(0) { $0 + $1.verifiedMessages })",
      cell.isSaturated ? "yes" : "no", cell.failure ?? "", cell.command,
    ]
    return CSV.row(fields)
  }
}

enum CSV {
  static func row(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  static func number(_ value: Double?, _ scale: Double = 1) -> String {
    value.map { "\($0 * scale)" } ?? ""
  }

  /// Quotes a field if necessary.
  static func field(_ text: String) -> String {
    let special = text.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
    guard special || text.hasPrefix(" ") || text.hasSuffix(" ") else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
