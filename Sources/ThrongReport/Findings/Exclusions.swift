// What is not in a workload's verdict, and why: failures, missing cells, a generator at its limit.

struct Exclusions {
  let workload: Workload
  let measurements: Measurements

  init(_ workload: Workload, _ measurements: Measurements) {
    self.workload = workload
    self.measurements = measurements
  }

  var sentences: [String] { failures + missing + single + saturated + noisy }

  /// Half of an interval as a share of its median, above which the noise is worth a sentence.
  private static let largeNoise = 0.25

  private var takingPart: [Contender] {
    measurements.results.contenders.filter { $0.omitted == nil }
  }

  private func connections(_ contender: Contender, where holds: (Cell?) -> Bool) -> [Int] {
    workload.connections.filter { holds(measurements.cell(workload, contender, $0)) }
  }

  /// Contenders for which something holds with the same numbers of connections, together.
  private func groups(where holds: (Cell?) -> Bool) -> [(names: [String], connections: [Int])] {
    var groups: [(names: [String], connections: [Int])] = []
    for contender in takingPart {
      let found = connections(contender, where: holds)
      if found.isEmpty { continue }
      if let index = groups.firstIndex(where: { $0.connections == found }) {
        groups[index].names.append(contender.label)
      } else {
        groups.append(([contender.label], found))
      }
    }
    return groups
  }

  /// The same reason is said once.
  private var failures: [String] {
    takingPart.flatMap { contender in
      var reasons: [String] = []
      for connections in workload.connections {
        let failure = measurements.cell(workload, contender, connections)?.failure
        if let failure, !reasons.contains(failure) { reasons.append(failure) }
      }
      return reasons.map { reason in
        let places = connections(contender) { $0?.failure == reason }
        return "\(contender.label) failed with \(Phrase.clients(places)): \(reason)."
      }
    }
  }

  private var missing: [String] {
    groups { $0.map { $0.samples.isEmpty && $0.failure == nil } ?? true }.map { group in
      let names = Phrase.list(group.names)
      return group.connections == workload.connections
        ? "Not measured here: \(names)."
        : "Not measured with \(Phrase.clients(group.connections)): \(names)."
    }
  }

  private var single: [String] {
    guard measurements.results.method.repeats > 1 else { return [] }
    return groups { $0.map { $0.isSound && $0.samples.count == 1 } ?? false }.map { group in
      "Measured only once with \(Phrase.clients(group.connections)): \(Phrase.list(group.names))."
    }
  }

  private var saturated: [String] {
    groups { $0.map { $0.isSound && $0.isSaturated } ?? false }.map { group in
      "The generator was the bottleneck with \(Phrase.clients(group.connections)) for"
        + " \(Phrase.list(group.names)): throughput and latency there are compared with nobody's."
    }
  }

  /// A tie amid much noise is not equality, and the reader should know.
  private var noisy: [String] {
    let cells = takingPart.flatMap { contender in
      workload.connections.compactMap { measurements.soundCell(workload, contender, $0) }
    }
    return [Metric.throughput, .cpu].compactMap { metric in
      let shares = cells.compactMap { cell -> Double? in
        guard let estimate = cell.estimate(metric), let interval = estimate.interval else {
          return nil
        }
        return (interval.high - interval.low) / 2 / estimate.median
      }
      let noisy = shares.filter { $0 > Self.largeNoise }
      guard let most = noisy.max() else { return nil }
      return
        "The noise is large in \(metric.name): more than \(Quantity.percent(Self.largeNoise)) in"
        + " \(noisy.count) of \(shares.count) cells, and \(Quantity.percent(most)) at the most."
        + " A tie may hide a difference there; a quiet machine or more --repeats would tell."
    }
  }
}
