// Findings: what the measurements say about one metric of one workload, before it is put into words.
// `FindingSentences` makes the sentences. Values; any thread.

import LinuxSystem

enum Finding: Sendable, Equatable {
  /// The order with the most clients at which two contenders can be compared. `excluded` have a lower
  /// bound, or a single round, there.
  case ranking(Ranking, excluded: [Contender])
  /// Values without a known difference.
  case undecided(Ranking)
  /// A model that is not in the ranking, compared with its leader where both can be.
  case absent(Contender, leader: Contender, RatioCurve.Point, value: String?)
  /// Models that are not in the ranking and tie with its leader at a lower number of clients.
  case absentTies([Contender], connections: Int)
  /// The best model compared with each other model, over the number of clients.
  case courses([Course])
  /// The generator was the bottleneck for every contender but one.
  case saturated
  /// Only one contender was measured.
  case single(Contender, connections: Int, value: String)

  /// The findings about a metric; empty when it was not measured.
  static func all(
    _ metric: Metric, _ workload: Workload, _ measurements: Measurements
  ) -> [Finding] {
    FindingSearch(metric: metric, workload: workload, measurements: measurements).findings
  }
}

private struct FindingSearch {
  let metric: Metric
  let workload: Workload
  let measurements: Measurements
  private let contenders: [Contender]

  init(metric: Metric, workload: Workload, measurements: Measurements) {
    self.metric = metric
    self.workload = workload
    self.measurements = measurements
    contenders = measurements.contenders(in: workload)
  }

  var findings: [Finding] {
    guard let ranking = Ranking.last(metric, workload, among: contenders, measurements) else {
      return notComparable
    }
    guard ranking.isDecided else { return [.undecided(ranking)] }
    let courses = courses(ranking)
    return [.ranking(ranking, excluded: excluded(ranking))] + absent(ranking)
      + (courses.isEmpty ? [] : [.courses(courses)])
  }

  /// Contenders that might lead the ranking but cannot be compared.
  private func excluded(_ ranking: Ranking) -> [Contender] {
    let saturated = contenders.filter { contender in
      metric.suffersFromSaturation
        && measurements.soundCell(workload, contender, ranking.connections)?.isSaturated == true
    }
    return saturated + ranking.undecided.map(\.contender)
  }

  private func absent(_ ranking: Ranking) -> [Finding] {
    let leader = ranking.entries[0].contender
    var ties: [Int: [Contender]] = [:]
    var findings: [Finding] = []
    for contender in contenders where contender.kind == .model {
      if ranking.entries.contains(where: { $0.contender.id == contender.id }) { continue }
      let curve = measurements.curve(metric, workload, contender, to: leader)
      guard let last = curve.points.last, let outcome = curve.outcomes.last, outcome != .unknown
      else { continue }
      if outcome == .tie {
        ties[last.connections, default: []].append(contender)
      } else {
        let value = metric.isStatedAsValue ? value(contender, last.connections) : nil
        findings.append(.absent(contender, leader: leader, last, value: value))
      }
    }
    return findings
      + ties.sorted { $0.key < $1.key }.map {
        .absentTies($0.value + [leader], connections: $0.key)
      }
  }

  /// Of models that tie for the best, the first in the order of the tables is compared.
  private func courses(_ ranking: Ranking) -> [Course] {
    let models = contenders.filter { $0.kind == .model }
    guard
      let best = Ranking(metric, workload, ranking.connections, among: models, measurements),
      let first = models.first(where: { best.leads($0.id) })
    else { return [] }
    return models.filter { $0.id != first.id }.map {
      Course(metric, measurements.curve(metric, workload, first, to: $0), first, $0)
    }
  }

  private var notComparable: [Finding] {
    for connections in workload.connections.reversed() {
      let measured = contenders.filter { value($0, connections) != nil }
      guard let contender = measured.first, let value = value(contender, connections) else {
        continue
      }
      return measured.count > 1
        ? [.saturated] : [.single(contender, connections: connections, value: value)]
    }
    return []
  }

  private func value(_ contender: Contender, _ connections: Int) -> String? {
    measurements.estimate(metric, workload, contender, connections).map {
      metric.text($0.median, open: workload.openConnections(connections))
    }
  }
}
