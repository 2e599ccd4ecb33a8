// Results by cell with medians, ratios and ratio curves. Built once; immutable; any thread.

import LinuxSystem

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

  /// The cell, if it was measured without a failure.
  func soundCell(_ workload: Workload, _ contender: Contender, _ connections: Int) -> Cell? {
    guard let cell = cell(workload, contender, connections), cell.isSound else { return nil }
    return cell
  }

  func estimate(
    _ metric: Metric, _ workload: Workload, _ contender: Contender, _ connections: Int
  ) -> MedianEstimate? {
    soundCell(workload, contender, connections)?.estimate(metric)
  }

  /// Whether a metric of a cell can be compared.
  func isComparable(
    _ metric: Metric, _ workload: Workload, _ contender: Contender, _ connections: Int
  ) -> Bool {
    guard let cell = soundCell(workload, contender, connections), cell.estimate(metric) != nil
    else { return false }
    return !(metric.suffersFromSaturation && cell.isSaturated)
  }

  /// Ratio of two contenders in a metric.
  /// - Returns: nil when one of them cannot be compared.
  func ratio(
    _ metric: Metric, _ workload: Workload, _ first: Contender, to second: Contender,
    _ connections: Int
  ) -> Ratio? {
    guard isComparable(metric, workload, first, connections),
      isComparable(metric, workload, second, connections),
      let one = cell(workload, first, connections), let other = cell(workload, second, connections)
    else { return nil }
    // Values below the resolution count as equal to it; a ratio to one is a lower bound.
    let least = metric.resolution(open: workload.openConnections(connections))
    let (a, b) = (one.values(metric), other.values(metric))
    guard least > 0 else { return Ratio(paired: a, to: b) }
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

  /// Contenders with at least one measured cell in the workload.
  func contenders(in workload: Workload) -> [Contender] {
    results.contenders.filter { contender in
      workload.connections.contains { soundCell(workload, contender, $0) != nil }
    }
  }
}

extension Cell {
  var isSound: Bool { failure == nil && !samples.isEmpty }

  /// Values by round.
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
