// What is not part of a workload's findings, and why: failures, missing cells, a saturated generator; and
// noise that may hide differences. Values; any thread.

enum Exclusion: Sendable, Equatable {
  case failed(Contender, connections: [Int], reason: String)
  /// `connections` is nil if nothing was measured at all.
  case notMeasured([String], connections: [Int]?)
  case measuredOnce([String], connections: [Int])
  case saturated([String], connections: [Int])
  /// Cells with an interval wider than `largeNoise`, of all cells; `worst` is a share of the median.
  case noisy(Metric, cells: Int, of: Int, worst: Double)

  /// Half an interval as a share of its median above which noise is reported.
  static let largeNoise = 0.25

  /// The exclusions of a workload.
  static func all(_ workload: Workload, _ measurements: Measurements) -> [Exclusion] {
    ExclusionSearch(workload: workload, measurements: measurements).all
  }
}

private struct ExclusionSearch {
  let workload: Workload
  let measurements: Measurements

  var all: [Exclusion] { failures + missing + single + saturated + noisy }

  private var takingPart: [Contender] {
    measurements.results.contenders.filter { $0.omitted == nil }
  }

  private func connections(_ contender: Contender, where holds: (Cell?) -> Bool) -> [Int] {
    workload.connections.filter { holds(measurements.cell(workload, contender, $0)) }
  }

  /// Contenders for which a condition holds at the same numbers of clients, together.
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

  /// One entry for each contender and reason.
  private var failures: [Exclusion] {
    takingPart.flatMap { contender in
      var reasons: [String] = []
      for connections in workload.connections {
        let failure = measurements.cell(workload, contender, connections)?.failure
        if let failure, !reasons.contains(failure) { reasons.append(failure) }
      }
      return reasons.map { reason in
        Exclusion.failed(
          contender, connections: connections(contender) { $0?.failure == reason }, reason: reason)
      }
    }
  }

  private var missing: [Exclusion] {
    groups { $0.map { $0.samples.isEmpty && $0.failure == nil } ?? true }.map { group in
      let isAll = group.connections == workload.connections
      return .notMeasured(group.names, connections: isAll ? nil : group.connections)
    }
  }

  private var single: [Exclusion] {
    guard measurements.results.method.repeats > 1 else { return [] }
    return groups { $0.map { $0.isSound && $0.samples.count == 1 } ?? false }
      .map { .measuredOnce($0.names, connections: $0.connections) }
  }

  private var saturated: [Exclusion] {
    groups { $0.map { $0.isSound && $0.isSaturated } ?? false }
      .map { .saturated($0.names, connections: $0.connections) }
  }

  private var noisy: [Exclusion] {
    let cells = takingPart.flatMap { contender in
      workload.connections.compactMap { measurements.soundCell(workload, contender, $0) }
    }
    return Metric.all.filter(\.showsNoise).compactMap { metric in
      let shares = cells.compactMap { $0.estimate(metric)?.spread }
      let noisy = shares.filter { $0 > Exclusion.largeNoise }
      return noisy.max().map { .noisy(metric, cells: noisy.count, of: shares.count, worst: $0) }
    }
  }
}
