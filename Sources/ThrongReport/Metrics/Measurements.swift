// Results by cell with medians and ratios. Built once; immutable; any thread.

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

  /// The cell, if a metric of it can be compared.
  func comparableCell(
    _ metric: Metric, _ workload: Workload, _ contender: Contender, _ connections: Int
  ) -> Cell? {
    guard let cell = soundCell(workload, contender, connections), !cell.values(metric).isEmpty
    else { return nil }
    return metric.suffersFromSaturation && cell.isSaturated(metric) ? nil : cell
  }

  /// Ratio of two contenders in a metric.
  /// - Returns: nil when one of them cannot be compared.
  func ratio(
    _ metric: Metric, _ workload: Workload, _ first: Contender, to second: Contender,
    _ connections: Int
  ) -> Ratio? {
    guard let one = comparableCell(metric, workload, first, connections),
      let other = comparableCell(metric, workload, second, connections)
    else { return nil }
    // Values below the resolution count as equal to it; a ratio to one is a lower bound.
    let least = metric.resolution(workload, connections)
    let (a, b) = (one.values(metric), other.values(metric))
    guard least > 0 else { return Ratio(paired: a, to: b) }
    guard
      let ratio = Ratio(
        paired: a.mapValues { max($0, least) }, to: b.mapValues { max($0, least) }),
      let first = one.estimate(metric), let second = other.estimate(metric)
    else { return nil }
    return abs(first.median - second.median) < least ? ratio.withinResolution : ratio
  }

  /// Contenders with at least one measured cell in the workload.
  func contenders(in workload: Workload) -> [Contender] {
    results.contenders.filter { contender in
      workload.connections.contains { soundCell(workload, contender, $0) != nil }
    }
  }

  /// Throng's models, of which one is recommended; all contenders if none of them is a model.
  func candidates(in workload: Workload) -> [Contender] {
    let contenders = contenders(in: workload)
    let models = contenders.filter { $0.kind == .model }
    return models.isEmpty ? contenders : models
  }
}

extension Cell {
  private func samples(_ metric: Metric) -> [Sample] {
    metric.isAtEqualLoad ? equalLoad?.samples ?? [] : samples
  }

  /// Whether the generator was the bottleneck in a sample of the metric.
  func isSaturated(_ metric: Metric) -> Bool { samples(metric).contains(where: \.isSaturated) }

  /// Values by round.
  func values(_ metric: Metric) -> [Int: Double] {
    var values: [Int: Double] = [:]
    for sample in samples(metric) { values[sample.round] = metric.value(sample) }
    return values
  }

  func estimate(_ metric: Metric) -> MedianEstimate? {
    MedianEstimate(samples(metric).compactMap(metric.value))
  }

  func median(_ value: (Sample) -> Double?) -> Double? {
    MedianEstimate(samples.compactMap(value))?.median
  }
}
