// The results by cell, as figures: medians, ratios and histories. Built once; everything else asks here.

struct Measurements {
  let results: CompareResults
  private let cells: [CellKey: Cell]

  init(_ results: CompareResults) {
    self.results = results
    cells = Dictionary(results.cells.map { ($0.key, $0) }) { first, _ in first }
  }

  func cell(_ workload: Workload, _ contender: Contender, _ connections: Int) -> Cell? {
    cells[CellKey(workload: workload.id, contender: contender.id, connections: connections)]
  }

  /// What may be drawn and compared: it was measured, and nothing went wrong.
  func soundCell(_ workload: Workload, _ contender: Contender, _ connections: Int) -> Cell? {
    guard let cell = cell(workload, contender, connections), cell.isSound else { return nil }
    return cell
  }

  func estimate(
    _ metric: Metric, _ workload: Workload, _ contender: Contender, _ connections: Int
  ) -> MedianEstimate? {
    soundCell(workload, contender, connections)?.estimate(metric)
  }

  /// Whether a figure can be compared there.
  func isComparable(
    _ metric: Metric, _ workload: Workload, _ contender: Contender, _ connections: Int
  ) -> Bool {
    guard let cell = soundCell(workload, contender, connections), cell.estimate(metric) != nil
    else { return false }
    return !(metric.suffersFromSaturation && cell.isSaturated)
  }

  /// - Returns: nil when one of them cannot be compared there.
  func ratio(
    _ metric: Metric, _ workload: Workload, _ first: Contender, to second: Contender,
    _ connections: Int
  ) -> Ratio? {
    guard isComparable(metric, workload, first, connections),
      isComparable(metric, workload, second, connections),
      let one = cell(workload, first, connections), let other = cell(workload, second, connections)
    else { return nil }
    guard metric == .memory else {
      return Ratio(paired: one.values(metric), to: other.values(metric))
    }
    // Under the resolution all memory is the same; a ratio to that is a lower bound.
    let least = metric.resolution(open: workload.openConnections(connections))
    let (a, b) = (one.values(metric), other.values(metric))
    guard
      let ratio = Ratio(
        paired: a.mapValues { max($0, least) }, to: b.mapValues { max($0, least) }),
      let first = MedianEstimate(Array(a.values)), let second = MedianEstimate(Array(b.values))
    else { return nil }
    return abs(first.median - second.median) < least ? ratio.withinResolution : ratio
  }

  func curve(
    _ metric: Metric, _ workload: Workload, _ first: Contender, to second: Contender
  ) -> RatioCurve {
    var points: [RatioCurve.Point] = []
    var notCompared: [Int] = []
    for connections in workload.connections {
      if let ratio = ratio(metric, workload, first, to: second, connections) {
        points.append(RatioCurve.Point(connections, ratio))
      } else {
        notCompared.append(connections)
      }
    }
    return RatioCurve(points, notCompared: notCompared, floor: metric.floor)
  }

  /// Those with at least one sound cell in the workload.
  func contenders(in workload: Workload) -> [Contender] {
    results.contenders.filter { contender in
      workload.connections.contains { soundCell(workload, contender, $0) != nil }
    }
  }
}

extension Cell {
  var isSound: Bool { failure == nil && !samples.isEmpty }

  /// By round.
  func values(_ metric: Metric) -> [Int: Double] {
    var values: [Int: Double] = [:]
    for sample in samples { values[sample.round] = metric.value(sample) }
    return values
  }

  func estimate(_ metric: Metric) -> MedianEstimate? {
    MedianEstimate(samples.compactMap(metric.value))
  }

  func median(_ value: (Sample) -> Double?) -> Double? {
    MedianEstimate(samples.compactMap(value))?.median
  }
}
