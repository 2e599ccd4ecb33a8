// What TLS costs: each contender over TLS beside the same contender and workload without it, round by round.
// A value; any thread.

import ThrongLoad

struct SecurityCost {
  struct Row {
    let contender: Contender
    let connections: Int
    /// Cells of the same contender.
    let (secure, plain): (Cell, Cell)

    /// The ratio to the value without TLS; nil when one of both cannot be compared.
    func ratio(_ metric: Metric) -> Ratio? {
      guard
        ![secure, plain].contains(where: { metric.suffersFromSaturation && $0.isSaturated(metric) })
      else { return nil }
      return Ratio(paired: secure.values(metric), to: plain.values(metric))
    }

    /// What is added to the value without TLS.
    func added(_ metric: Metric) -> Double? {
      guard let value = secure.estimate(metric), let base = plain.estimate(metric) else {
        return nil
      }
      return value.median - base.median
    }
  }

  let title: String
  let rows: [Row]
  private let workload: Workload

  /// Nil for a workload without TLS, and when no contender was measured with and without it.
  init?(_ workload: Workload, _ measurements: Measurements) {
    guard let id = workload.plainWorkload, let plain = measurements.results.workload(id) else {
      return nil
    }
    rows = workload.connections.flatMap { connections in
      measurements.results.contenders.compactMap { contender in
        guard let secure = measurements.soundCell(workload, contender, connections),
          let base = measurements.soundCell(plain, contender, connections)
        else { return nil }
        return Row(
          contender: contender, connections: connections, secure: secure, plain: base)
      }
    }
    if rows.isEmpty { return nil }
    self.workload = workload
    title = "cost of TLS: beside “\(plain.title)” of the same contender"
  }

  /// Titles of the columns after the numbers of clients and the contenders.
  var titles: [String] {
    let unit = workload.shortUnit
    return ["\(unit)s/s", "p99", "CPU/\(unit)", "added CPU/\(unit)", "added mem/conn"]
  }

  /// The values of a row, for these columns.
  func fields(_ row: Row) -> [String] {
    let ratios = [Metric.throughput, .p99, .cpu].map { metric in
      row.ratio(metric).map { Quantity.times($0.value) } ?? "-"
    }
    return ratios + [.cpu, .memory].map { added($0, row) ?? "-" }
  }

  private func added(_ metric: Metric, _ row: Row) -> String? {
    guard let value = row.added(metric), metric.isResolved(value, workload, row.connections) else {
      return nil
    }
    return (value < 0 ? "" : "+") + metric.format(value, workload)
  }

  /// The negotiated version and cipher suite, with the contenders when they differ.
  var negotiated: String {
    var order: [String] = []
    var contenders: [String: [String]] = [:]
    for row in rows {
      guard let text = row.secure.samples.lazy.compactMap(\.security).first?.description else {
        continue
      }
      if contenders[text] == nil { order.append(text) }
      let label = row.contender.label
      if contenders[text]?.contains(label) != true { contenders[text, default: []].append(label) }
    }
    return order.map { text in
      order.count == 1 ? text : "\(text) (\(Phrase.list(contenders[text] ?? [])))"
    }.joined(separator: "; ")
  }
}
